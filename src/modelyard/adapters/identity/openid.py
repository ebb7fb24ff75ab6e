"""Sign-in through an OpenID provider: authorization code with PKCE, and a token that is checked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from joserfc.jwk import Key

from modelyard.adapters.identity.base import BadProviderSettings, Identity, IdentityProvider, SignInRejected
from modelyard.adapters.identity.claims import identity_from, is_complete
from modelyard.adapters.identity.discovery import PATH, Endpoints, read_discovery, require_issuer
from modelyard.adapters.identity.id_token import NoKeyFits, read_keys, verify
from modelyard.adapters.identity.provider_http import ProviderHttp, open_http
from modelyard.adapters.identity.redeem import Client, Tokens, redeem
from modelyard.core.clock import Clock, SystemClock

SCOPES = "openid email profile"
TOTAL_SECONDS = 10.0
_KEPT_FOR = timedelta(hours=1)
_BETWEEN_FETCHES = timedelta(seconds=10)
_MOST_CODE = 4096
_MOST_SUBJECT = 255
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class _Fetched(Generic[_Value]):
    value: _Value
    at: datetime


class OpenIdProvider:
    """IdentityProvider over OpenID Connect; what the provider says of itself is kept for an hour.

    Args:
        issuer: https address, or http on this machine.
        client_secret: empty for clients that have none.
        groups_claim: name of the claim with a person's groups; dots lead into objects.
        total_seconds: for all requests of one step.

    Raises:
        BadProviderSettings: the issuer is something else.
    """

    def __init__(
        self,
        issuer: str,
        client_id: str,
        client_secret: str = "",
        *,
        scopes: str = SCOPES,
        groups_claim: str = "groups",
        clock: Clock | None = None,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._issuer = require_issuer(issuer)
        self._client = Client(client_id, client_secret)
        self._scopes = scopes
        self._groups_claim = groups_claim
        self._clock = clock or SystemClock()
        self._total_seconds = total_seconds
        self._endpoints: _Fetched[Endpoints] | None = None
        self._keys: _Fetched[tuple[Key, ...]] | None = None

    async def check(self) -> None:
        async with open_http(self._total_seconds) as http:
            await self._discover(http)

    async def start(self, *, redirect_uri: str, state: str, nonce: str, code_verifier: str) -> str:
        async with open_http(self._total_seconds) as http:
            endpoints = await self._discover(http)
        return str(
            prepare_grant_uri(
                endpoints.authorization,
                client_id=self._client.identifier,
                response_type="code",
                redirect_uri=redirect_uri,
                scope=self._scopes,
                state=state,
                nonce=nonce,
                code_challenge=create_s256_code_challenge(code_verifier),
                code_challenge_method="S256",
            )
        )

    async def finish(self, *, code: str, redirect_uri: str, nonce: str, code_verifier: str) -> Identity:
        if not (nonce and code_verifier and 0 < len(code) <= _MOST_CODE and code.isascii()):
            raise SignInRejected("This sign-in was not started here. Start anew.")
        async with open_http(self._total_seconds) as http:
            endpoints = await self._discover(http)
            tokens = await redeem(
                http, endpoints, self._client, code=code, redirect_uri=redirect_uri, code_verifier=code_verifier
            )
            claims = await self._verify(http, endpoints, tokens, nonce)
            subject, documents = _subject(claims), [claims]
            if endpoints.userinfo and tokens.access_token and not is_complete(claims, self._groups_claim):
                documents.append(await _ask_more(http, endpoints, tokens, subject))
        return identity_from(
            tuple(documents), subject=subject, issuer=endpoints.issuer, groups_claim=self._groups_claim
        )

    async def _discover(self, http: ProviderHttp) -> Endpoints:
        if self._endpoints is None or self._age(self._endpoints) > _KEPT_FOR:
            answer = await http.get(self._issuer + PATH)
            answer.require_success("its discovery document")
            self._endpoints = _Fetched(read_discovery(answer.body, self._issuer), self._clock.now())
        return self._endpoints.value

    async def _verify(self, http: ProviderHttp, endpoints: Endpoints, tokens: Tokens, nonce: str) -> dict[str, Any]:
        """With the keys that we know, then, because providers change them, with those that there are now."""
        keys = self._keys
        if keys is not None and self._age(keys) <= _KEPT_FOR:
            try:
                return self._check(endpoints, tokens, nonce, keys.value)
            except NoKeyFits:
                if self._age(keys) < _BETWEEN_FETCHES:
                    raise _forged() from None
        answer = await http.get(endpoints.keys)
        answer.require_success("its keys")
        self._keys = _Fetched(read_keys(answer.document()), self._clock.now())
        try:
            return self._check(endpoints, tokens, nonce, self._keys.value)
        except NoKeyFits:
            raise _forged() from None

    def _check(self, endpoints: Endpoints, tokens: Tokens, nonce: str, keys: tuple[Key, ...]) -> dict[str, Any]:
        return verify(
            tokens.id_token,
            keys,
            issuer=endpoints.issuer,
            client_id=self._client.identifier,
            nonce=nonce,
            access_token=tokens.access_token,
            now=int(self._clock.now().timestamp()),
        )

    def _age(self, fetched: _Fetched[Any]) -> timedelta:
        return self._clock.now() - fetched.at


def provider_from(
    *, issuer: str, client_id: str, client_secret: str = "", scopes: str = SCOPES, groups_claim: str = "groups"
) -> IdentityProvider | None:
    """The provider that settings ask for; None without an issuer. Raises BadProviderSettings."""
    if not issuer:
        return None
    if not client_id:
        raise BadProviderSettings("The identity provider needs a client id, as it was registered there.")
    if "openid" not in scopes.split():
        raise BadProviderSettings("The scopes for the identity provider must include openid.")
    return OpenIdProvider(issuer, client_id, client_secret, scopes=scopes, groups_claim=groups_claim)


async def _ask_more(http: ProviderHttp, endpoints: Endpoints, tokens: Tokens, subject: str) -> dict[str, Any]:
    answer = await http.get(endpoints.userinfo, authorization=f"Bearer {tokens.access_token}")
    answer.require_success("what it knows of the person")
    found = answer.document()
    if found.get("sub") != subject:
        raise SignInRejected("The identity provider tells of somebody else than the one who signed in.")
    return found


def _subject(claims: dict[str, Any]) -> str:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _MOST_SUBJECT or not subject.isprintable():
        raise SignInRejected("The identity provider does not say who signed in.")
    return subject


def _forged() -> SignInRejected:
    return SignInRejected("The identity provider's token is not signed with one of its keys.")
