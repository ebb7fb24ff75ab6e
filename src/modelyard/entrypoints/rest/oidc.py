"""Routes of signing in through an OpenID provider: there, and back again."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from modelyard.adapters.identity.base import IdentityProvider
from modelyard.app import Platform
from modelyard.core.errors import NotAuthenticated, NotFound
from modelyard.core.sealing import SecretKeyWrong
from modelyard.domain.accounts.identity_sign_in import admit
from modelyard.entrypoints.rest.requests import GuardedRoute, ThePlatform, is_encrypted, own_path, public_address
from modelyard.entrypoints.rest.sign_in import visitor_of, with_session_cookie

router = APIRouter(prefix="/auth/oidc", tags=["sign-in"], route_class=GuardedRoute)
_COOKIE = "modelyard_oidc"
_PATH = "/auth/oidc"
_LIFETIME = timedelta(minutes=10)


class NoProvider(NotFound):
    """People sign in with passwords only."""

    def __init__(self) -> None:
        super().__init__("No OpenID provider is set up here; an operator can set MODELYARD_OIDC_ISSUER.")


class NotStartedHere(NotAuthenticated):
    """The browser comes back without having been sent."""

    def __init__(self) -> None:
        super().__init__("This sign-in was not started in this browser, or long ago; start anew at /auth/oidc/start.")


class ProviderSaidNo(NotAuthenticated):
    """The provider sends the browser back with an error."""

    def __init__(self, word: str) -> None:
        super().__init__(f"The identity provider did not sign you in ({word}); start anew at /auth/oidc/start.")


@dataclass(frozen=True)
class _Trip:
    """What has to be the same when the browser comes back; it travels in a sealed cookie."""

    state: str
    nonce: str
    code_verifier: str
    next: str
    until: float


@router.get("/start", summary="Go to the OpenID provider", status_code=302, response_class=RedirectResponse)
async def start(request: Request, platform: ThePlatform) -> Response:
    """`next` is where to go afterwards, a path of this server."""
    trip = _Trip(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        code_verifier=secrets.token_urlsafe(48),
        next=own_path(request.query_params.get("next", "")),
        until=(platform.clock.now() + _LIFETIME).timestamp(),
    )
    address = await _provider(platform).start(
        redirect_uri=_redirect_uri(request), state=trip.state, nonce=trip.nonce, code_verifier=trip.code_verifier
    )
    answer = RedirectResponse(address, 302, headers={"Cache-Control": "no-store"})
    sealed = platform.sealer.seal(msgspec.json.encode(trip).decode())
    answer.set_cookie(_COOKIE, sealed, max_age=int(_LIFETIME.total_seconds()), **_cookie_rights(request))
    return answer


@router.get("/callback", summary="Come back from the OpenID provider", response_class=RedirectResponse)
async def finish(request: Request, platform: ThePlatform) -> Response:
    """Signs in whom the provider vouches for, and goes where `next` said."""
    provider, trip, query = _provider(platform), _read_trip(request, platform), request.query_params
    if not hmac.compare_digest(trip.state.encode(), query.get("state", "").encode()):
        raise NotStartedHere
    if "error" in query or not query.get("code"):
        raise ProviderSaidNo("".join(filter(str.isidentifier, query.get("error", "no_code")[:40])))
    identity = await provider.finish(
        code=query["code"], redirect_uri=_redirect_uri(request), nonce=trip.nonce, code_verifier=trip.code_verifier
    )
    async with platform.database.write() as session:
        user = await admit(session, platform.clock, identity, platform.identity_rules)
    new = await platform.sign_in.without_password(user.id, None, visitor_of(request, "oidc"))
    answer = with_session_cookie(request, RedirectResponse(trip.next, 302), new)
    answer.delete_cookie(_COOKIE, **_cookie_rights(request))
    return answer


def _provider(platform: Platform) -> IdentityProvider:
    if platform.identity_provider is None:
        raise NoProvider
    return platform.identity_provider


def _read_trip(request: Request, platform: Platform) -> _Trip:
    try:
        trip = msgspec.json.decode(platform.sealer.open(request.cookies.get(_COOKIE, "")), type=_Trip)
    except (SecretKeyWrong, msgspec.DecodeError):
        raise NotStartedHere from None
    if trip.until < platform.clock.now().timestamp():
        raise NotStartedHere
    return trip


def _redirect_uri(request: Request) -> str:
    return f"{public_address(request)}{_PATH}/callback"


def _cookie_rights(request: Request) -> dict[str, Any]:
    return {"path": _PATH, "secure": is_encrypted(request), "httponly": True, "samesite": "lax"}
