"""What every identity provider promises, asked of the fake and of the real adapter with a real OpenID provider."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest

from modelyard.adapters.identity.base import Identity, IdentityProvider, ProviderUnavailable, SignInRejected
from modelyard.adapters.identity.fake import FakeIdentityProvider
from modelyard.adapters.identity.openid import OpenIdProvider
from tests.openid_server import ALICE, BOB, MALLORY, USERS, OpenidServer, OpenidUser, openid_server, sign_in
from tests.servers import free_port

REDIRECT = "http://127.0.0.1:1/auth/oidc/callback"
_SCOPES = "openid email profile groups"
_REAL = pytest.param("real", marks=[pytest.mark.slow, pytest.mark.xdist_group("openid")])


@dataclass
class Vouching:
    """A provider, one that is away, and a browser that signs in."""

    provider: IdentityProvider
    away: IdentityProvider
    issuer: str
    browse: Callable[[str, OpenidUser], str]


@dataclass
class Visit:
    """The secrets of one sign-in."""

    state: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    code_verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    async def start(self, provider: IdentityProvider) -> str:
        return await provider.start(
            redirect_uri=REDIRECT, state=self.state, nonce=self.nonce, code_verifier=self.code_verifier
        )

    async def finish(self, provider: IdentityProvider, code: str, redirect_uri: str = REDIRECT) -> Identity:
        return await provider.finish(
            code=code, redirect_uri=redirect_uri, nonce=self.nonce, code_verifier=self.code_verifier
        )


@pytest.fixture(scope="module")
def real_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenidServer]:
    with openid_server(tmp_path_factory.mktemp("openid"), [REDIRECT]) as server:
        yield server


@pytest.fixture(params=["fake", _REAL])
def vouching(request: pytest.FixtureRequest) -> Vouching:
    if request.param == "fake":
        people = {user.user_name: _expected(user, "") for user in USERS}
        fake, closed = FakeIdentityProvider(people), FakeIdentityProvider(people)
        closed.is_away = True

        def approve(address: str, user: OpenidUser) -> str:
            return fake.approve(address, user.user_name)

        return Vouching(fake, closed, "https://identity.example", approve)
    server: OpenidServer = request.getfixturevalue("real_server")
    return Vouching(
        OpenIdProvider(server.issuer, server.client_id, server.client_secret, scopes=_SCOPES),
        OpenIdProvider(f"http://127.0.0.1:{free_port()}", "modelyard"),
        server.issuer,
        lambda address, user: sign_in(address, user, REDIRECT),
    )


def _expected(user: OpenidUser, issuer: str) -> Identity:
    return Identity(
        subject=user.user_name,
        issuer=issuer,
        email=user.email,
        email_verified=user.email_verified,
        first_name=user.given_name,
        last_name=user.family_name,
        groups=frozenset(user.groups),
    )


async def _visit(vouching: Vouching, user: OpenidUser = ALICE) -> tuple[Visit, str]:
    visit = Visit()
    address = vouching.browse(await visit.start(vouching.provider), user)
    brought = parse_qs(urlsplit(address).query)
    assert brought["state"] == [visit.state]
    return visit, brought["code"][0]


async def test_whether_it_is_there(vouching: Vouching) -> None:
    await vouching.provider.check()
    with pytest.raises(ProviderUnavailable):
        await vouching.away.check()


@pytest.mark.parametrize("user", [ALICE, BOB, MALLORY], ids=lambda user: user.user_name)
async def test_sign_in(vouching: Vouching, user: OpenidUser) -> None:
    visit, code = await _visit(vouching, user)

    assert await visit.finish(vouching.provider, code) == _expected(user, vouching.issuer)


async def test_code_is_good_once(vouching: Vouching) -> None:
    visit, code = await _visit(vouching)
    await visit.finish(vouching.provider, code)

    with pytest.raises(SignInRejected):
        await visit.finish(vouching.provider, code)


@pytest.mark.parametrize("part", ["nonce", "code_verifier"])
async def test_code_of_somebody_elses_visit_is_worth_nothing(vouching: Vouching, part: str) -> None:
    visit, code = await _visit(vouching)
    setattr(visit, part, getattr(Visit(), part))

    with pytest.raises(SignInRejected):
        await visit.finish(vouching.provider, code)


@pytest.mark.parametrize("code", ["", "made-up", "x" * 100_000, "\r\nX: y", "\ud800"])
async def test_made_up_code(vouching: Vouching, code: str) -> None:
    with pytest.raises(SignInRejected):
        await Visit().finish(vouching.provider, code)


async def test_other_redirect_address(vouching: Vouching) -> None:
    visit, code = await _visit(vouching)

    with pytest.raises(SignInRejected):
        await visit.finish(vouching.provider, code, "http://127.0.0.1:1/elsewhere")


async def test_provider_that_is_away(vouching: Vouching) -> None:
    visit, code = await _visit(vouching)

    with pytest.raises(ProviderUnavailable):
        await Visit().start(vouching.away)
    with pytest.raises(ProviderUnavailable):
        await visit.finish(vouching.away, code)


@pytest.mark.slow
@pytest.mark.xdist_group("openid")
async def test_wrong_client_secret(real_server: OpenidServer) -> None:
    provider = OpenIdProvider(real_server.issuer, real_server.client_id, "a wrong secret")
    visit = Visit()
    address = sign_in(await visit.start(provider), ALICE, REDIRECT)

    with pytest.raises(ProviderUnavailable, match="client id or secret") as caught:
        await visit.finish(provider, parse_qs(urlsplit(address).query)["code"][0])
    assert "a wrong secret" not in repr(caught.value)
