"""Routes of signing in and out: sessions, tokens, one's password."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from modelyard.domain.accounts import sessions
from modelyard.domain.accounts.sessions import NewSession, Visitor
from modelyard.domain.accounts.tables import SignedInSession
from modelyard.entrypoints.rest.csrf import require_own_page
from modelyard.entrypoints.rest.requests import (
    SESSION_COOKIE,
    Caller,
    GuardedRoute,
    ThePlatform,
    address_of,
    is_encrypted,
)
from modelyard.entrypoints.rest.wire import Json, time_text

router = APIRouter(prefix="/auth", tags=["sign-in"], route_class=GuardedRoute)


class PasswordSignIn(BaseModel):
    """Who one is. Without a team one acts for the first that one joined."""

    model_config = ConfigDict(json_schema_extra={"example": {"email": "ada@example.org", "password": "…"}})
    email: str = Field(max_length=320)
    password: str = Field(max_length=1000)
    team: str | None = Field(None, max_length=36)


class PasswordChange(BaseModel):
    """The present password, and the one to have."""

    old: str = Field(max_length=1000)
    new: str = Field(max_length=1000)


class TeamChoice(BaseModel):
    """The team to act for."""

    team: str = Field(max_length=36)


@router.post("/sign-in", summary="Sign in with a password")
async def sign_in(body: PasswordSignIn, request: Request, platform: ThePlatform) -> Response:
    """Sets the cookie of the session. What changes something needs the header X-CSRF-Token beside it."""
    require_own_page(request)  # else another site could sign people in as somebody else
    new = await platform.sign_in.with_password(body.email, body.password, body.team, visitor_of(request, "password"))
    return with_session_cookie(request, Json(session_object(new.row, is_current=True)), new)


@router.post("/sign-out", summary="End the session of this browser")
async def sign_out(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        await sessions.end_session(session, platform.clock, actor, actor.session_id or "")
    return without_session_cookie(request, Json({}))


@router.get("/session", summary="Who is signed in")
async def read_session(platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        row = await session.get_one(SignedInSession, actor.session_id)
    person = {"identifier": actor.user_id, "firstName": actor.first_name, "lastName": actor.last_name}
    user = {"user": person | {"email": actor.email}, "roles": sorted(actor.roles), "actsFor": actor.team_id}
    return Json(session_object(row, is_current=True) | user)


@router.patch("/session", summary="Act for another of one's teams")
async def switch_team(body: TeamChoice, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        row = await sessions.switch_team(session, platform.clock, actor, body.team)
    return Json(session_object(row, is_current=True))


@router.get("/sessions", summary="One's own sessions")
async def list_sessions(platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        rows = await sessions.list_sessions(session, platform.clock, actor)
    return Json([session_object(row, is_current=row.id == actor.session_id) for row in rows])


@router.delete("/sessions/{session_id}", summary="End one of one's sessions")
async def end_session(session_id: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        await sessions.end_session(session, platform.clock, actor, session_id)
    return Json({})


@router.delete("/sessions", summary="Sign out everywhere")
async def end_everywhere(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        ended = await sessions.end_everywhere(session, platform.clock, actor)
    return without_session_cookie(request, Json({"ended": ended}))


@router.get("/token", summary="A short-lived token for the header `Authorization: Bearer`")
async def show_token(platform: ThePlatform, actor: Caller) -> Response:
    """Send it beside `Modzy-Team-Id`. It ends with the session that it was made in."""
    async with platform.database.write() as session:
        new = await sessions.make_token(session, platform.clock, platform.fingerprinter, actor, platform.token_lifetime)
    body = {"token": new.token, "teamIdentifier": new.row.team_id, "expiresAt": time_text(new.row.expires_at)}
    return Json(body)


@router.post("/password", summary="Change one's password")
async def change_password(body: PasswordChange, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Ends all other sessions."""
    await platform.sign_in.change_password(actor, body.old, body.new, visitor_of(request, "password"))
    return Json({})


def visitor_of(request: Request, method: str) -> Visitor:
    """Where somebody signs in from."""
    return Visitor(address_of(request), request.headers.get("user-agent", ""), method)


def session_object(row: SignedInSession, *, is_current: bool) -> dict[str, Any]:
    """A session as its owner sees it."""
    return {
        "identifier": row.id,
        "kind": row.kind,
        "method": row.method,
        "teamIdentifier": row.team_id,
        "address": row.address,
        "userAgent": row.user_agent,
        "createdAt": time_text(row.created_at),
        "lastSeenAt": time_text(row.last_seen_at),
        "expiresAt": time_text(row.expires_at),
        "isCurrent": is_current,
    }


def with_session_cookie(request: Request, answer: Response, new: NewSession) -> Response:
    """The cookie ends with the session; scripts cannot read it, and other sites' pages do not send it."""
    answer.set_cookie(
        SESSION_COOKIE,
        new.token,
        expires=new.row.expires_at,
        path="/",
        secure=is_encrypted(request),
        httponly=True,
        samesite="lax",
    )
    return answer


def without_session_cookie(request: Request, answer: Response) -> Response:
    """Takes the cookie back."""
    answer.delete_cookie(SESSION_COOKIE, path="/", secure=is_encrypted(request), httponly=True, samesite="lax")
    return answer
