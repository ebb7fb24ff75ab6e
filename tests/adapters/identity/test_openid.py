"""What the provider answers is not trusted, and what it is asked is what the protocol says."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from modelyard.adapters.identity.base import BadProviderSettings, Identity, ProviderUnavailable, SignInRejected
from modelyard.adapters.identity.openid import OpenIdProvider, provider_from
from modelyard.adapters.identity.provider_http import MOST_BYTES
from tests.adapters.identity.scripted import ACCESS_TOKEN, CLIENT_ID, NONCE, Scripted
from tests.manual_clock import ManualClock
from tests.servers import web_server

Finish = Callable[[], Awaitable[Identity]]
WELL_KNOWN = "/.well-known/openid-configuration"
VERIFIER, CHALLENGE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""The example of RFC 7636."""
POST_OR_HEADER = ["client_secret_post", "client_secret_basic"]
PATHS = [WELL_KNOWN, "/token", "/keys", "/userinfo"]


async def _start(provider: OpenIdProvider) -> str:
    return await provider.start(redirect_uri="https://here/back?a=1", state="s&t", nonce="n", code_verifier=VERIFIER)


async def test_address_for_the_browser(provider: OpenIdProvider, scripted: Scripted) -> None:
    parts = urlsplit(await _start(provider))

    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{scripted.issuer}/authorize"
    asked = parse_qs(parts.query, strict_parsing=True)
    assert asked.pop("code_challenge") == [CHALLENGE]
    assert asked == {
        "tenant": ["1"],
        "client_id": [CLIENT_ID],
        "response_type": ["code"],
        "redirect_uri": ["https://here/back?a=1"],
        "scope": ["openid email profile"],
        "state": ["s&t"],
        "nonce": ["n"],
        "code_challenge_method": ["S256"],
    }


@pytest.mark.parametrize(
    ("secret", "methods", "header", "form"),
    [
        ("plain", None, "modelyard:plain", {}),
        ("plain", ["client_secret_post"], "", {"client_id": ["modelyard"], "client_secret": ["plain"]}),
        ("plain", POST_OR_HEADER, "modelyard:plain", {}),
        (
            "o:d d",
            POST_OR_HEADER,
            "",
            {"client_id": ["modelyard"], "client_secret": ["o:d d"]},
        ),
        ("o:d d", ["client_secret_basic"], "modelyard:o%3Ad+d", {}),
        ("", None, "", {"client_id": ["modelyard"]}),
    ],
)
async def test_code_is_redeemed_with_the_clients_secret(
    scripted: Scripted, secret: str, methods: list[str] | None, header: str, form: dict[str, list[str]]
) -> None:
    scripted.discovery = {"token_endpoint_auth_methods_supported": methods}
    provider = OpenIdProvider(scripted.issuer, CLIENT_ID, secret)

    await provider.finish(code="c/1+2", redirect_uri="https://here/back", nonce=NONCE, code_verifier="v" * 43)

    _, headers, body = scripted.asked[scripted.paths().index("/token")]
    sent = headers.get("Authorization", "")
    assert base64.b64decode(sent.removeprefix("Basic ")).decode() == header
    assert parse_qs(body.decode(), strict_parsing=True) == form | {
        "grant_type": ["authorization_code"],
        "code": ["c/1+2"],
        "redirect_uri": ["https://here/back"],
        "code_verifier": ["v" * 43],
    }


async def test_what_is_missing_is_asked_for(scripted: Scripted, finish: Finish) -> None:
    scripted.claims = {"email": "alice@example.org", "email_verified": True}
    scripted.userinfo = {"sub": "alice-1", "given_name": "Alice", "family_name": "Adams", "groups": ["ops"]}

    found = await finish()

    assert found == Identity(
        "alice-1", scripted.issuer, "alice@example.org", True, "Alice", "Adams", frozenset({"ops"})
    )
    _, headers, _ = scripted.asked[scripted.paths().index("/userinfo")]
    assert headers["Authorization"] == f"Bearer {ACCESS_TOKEN}"


async def test_nothing_is_asked_for_when_all_is_there(scripted: Scripted, finish: Finish) -> None:
    names = {"given_name": "Alice", "family_name": "Adams", "email": "alice@example.org"}
    scripted.claims = {**names, "email_verified": True, "groups": []}

    await finish()

    assert "/userinfo" not in scripted.paths()


async def test_provider_without_userinfo(scripted: Scripted, finish: Finish) -> None:
    scripted.discovery = {"userinfo_endpoint": None}

    assert (await finish()).email == ""


@pytest.mark.parametrize("userinfo", [{"sub": "bob-2"}, {}, {"sub": ["alice-1"]}])
async def test_userinfo_of_somebody_else(scripted: Scripted, finish: Finish, userinfo: dict[str, Any]) -> None:
    scripted.userinfo = userinfo

    with pytest.raises(SignInRejected, match="somebody else"):
        await finish()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"null"),
        (200, b'{"a":' * 100_000),
        (200, b"\xff\xfe"),
        (200, b" " * (MOST_BYTES + 1)),
        (201, b"{}"),
        (404, b"{}"),
        (500, b"token code-1 secret"),
    ],
    ids=lambda value: str(value)[:12],
)
async def test_nonsense(scripted: Scripted, finish: Finish, path: str, status: int, body: bytes) -> None:
    scripted.answers[path] = web.Response(status=status, body=body)

    with pytest.raises(ProviderUnavailable) as caught:
        await finish()

    _reveals_nothing(caught.value)


@pytest.mark.parametrize("path", PATHS)
async def test_redirects_are_not_followed(scripted: Scripted, finish: Finish, path: str) -> None:
    asked_elsewhere: list[str] = []

    async def elsewhere(request: web.BaseRequest) -> web.StreamResponse:
        asked_elsewhere.append(request.path)
        return web.json_response({})

    async with web_server(elsewhere) as address:
        scripted.answers[path] = web.Response(status=307, headers={"Location": f"http://{address}/"})
        with pytest.raises(ProviderUnavailable, match="307"):
            await finish()

    assert asked_elsewhere == []


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://elsewhere.example"},
        {"issuer": None},
        {"issuer": 7},
        {"token_endpoint": None},
        {"jwks_uri": {}},
        {"jwks_uri": ""},
        {"token_endpoint": "http://elsewhere.example/token"},
        {"token_endpoint": "http://169.254.169.254/latest"},
        {"jwks_uri": "file:///etc/passwd"},
        {"userinfo_endpoint": "http://127.0.0.1:1/"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://user:password@elsewhere.example/"},
        {"authorization_endpoint": "https://elsewhere.example/\r\nSet-Cookie: a=b"},
        {"authorization_endpoint": "https://[::1/"},
        {"authorization_endpoint": "https://e.example:99999/"},
        {"authorization_endpoint": "//elsewhere.example/"},
        {"token_endpoint_auth_methods_supported": "client_secret_basic"},
    ],
    ids=str,
)
async def test_unusable_discovery(provider: OpenIdProvider, scripted: Scripted, discovery: dict[str, Any]) -> None:
    scripted.discovery = discovery
    if "issuer" not in discovery and discovery.get(next(iter(discovery))) is None:
        scripted.discovery = dict.fromkeys(discovery)

    with pytest.raises(ProviderUnavailable):
        await _start(provider)


async def test_hosts_of_large_providers(provider: OpenIdProvider, scripted: Scripted) -> None:
    scripted.discovery = {"jwks_uri": "https://www.elsewhere.example/keys"}

    assert (await _start(provider)).startswith(scripted.issuer)


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, "invalid_grant", SignInRejected),
        (401, "invalid_client", ProviderUnavailable),
        (400, "unauthorized_client", ProviderUnavailable),
        (400, "invalid_request", ProviderUnavailable),
        (400, ["invalid_grant"], ProviderUnavailable),
        (403, None, ProviderUnavailable),
    ],
)
async def test_refusals(scripted: Scripted, finish: Finish, status: int, error: Any, kind: type[Exception]) -> None:
    body = {"error": error, "error_description": "code-1 is no good, nor is a secret"}
    scripted.answers["/token"] = web.json_response(body, status=status)

    with pytest.raises(kind) as caught:
        await finish()

    _reveals_nothing(caught.value)


@pytest.mark.parametrize("body", [{}, {"id_token": None}, {"id_token": ["x"]}, {"access_token": "x"}])
async def test_answer_without_id_token(scripted: Scripted, finish: Finish, body: dict[str, Any]) -> None:
    scripted.answers["/token"] = web.json_response(body)

    with pytest.raises(ProviderUnavailable, match="without an id token"):
        await finish()


@pytest.mark.parametrize("token", ["a b", "a\r\nX: y", "é", 7, None])
async def test_access_token_that_no_header_can_carry(scripted: Scripted, finish: Finish, token: Any) -> None:
    scripted.answers["/token"] = web.json_response({"id_token": scripted.sign(), "access_token": token})

    assert (await finish()).subject == "alice-1"
    assert "/userinfo" not in scripted.paths()


@pytest.mark.parametrize("silent_after", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"])
async def test_silence_ends(silent_after: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(silent_after)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        provider = OpenIdProvider(f"http://127.0.0.1:{port}", CLIENT_ID, total_seconds=0.2)
        with pytest.raises(ProviderUnavailable, match="in time"):
            await asyncio.wait_for(_start(provider), 5)


async def test_discovery_is_kept_for_an_hour(scripted: Scripted) -> None:
    clock = ManualClock()
    provider = OpenIdProvider(scripted.issuer + "/", CLIENT_ID, clock=clock)
    await _start(provider)
    await clock.advance(3000)
    await _start(provider)
    assert scripted.paths() == [WELL_KNOWN]

    await clock.advance(3000)
    await _start(provider)
    assert scripted.paths() == [WELL_KNOWN] * 2


@pytest.mark.parametrize(
    "issuer",
    [
        "identity.example",
        "http://identity.example",
        "ftp://127.0.0.1",
        "https://",
        "https://a@b.example",
        "https://b?c=d",
    ],
)
def test_wrong_issuers(issuer: str) -> None:
    with pytest.raises(BadProviderSettings, match="https address"):
        provider_from(issuer=issuer, client_id="x")


def test_settings() -> None:
    assert provider_from(issuer="", client_id="") is None
    assert provider_from(issuer="https://identity.example/realms/one/", client_id="x") is not None
    assert provider_from(issuer="http://localhost:8080", client_id="x") is not None
    with pytest.raises(BadProviderSettings, match="client id"):
        provider_from(issuer="https://identity.example", client_id="")
    with pytest.raises(BadProviderSettings, match="include openid"):
        provider_from(issuer="https://identity.example", client_id="x", scopes="email")


def _reveals_nothing(error: Exception) -> None:
    said = f"{error} {getattr(error, 'technical_information', '')}"
    assert not [secret for secret in ("a secret", "code-1", ACCESS_TOKEN, "v" * 43) if secret in said]
