"""What the frame around every page shows: places, the teams of who looks, and the theme."""

from dataclasses import dataclass
from urllib.parse import quote

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

import modelyard
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.own_teams import OwnTeam, list_own_teams
from modelyard.domain.accounts.permissions import Permission
from modelyard.entrypoints.web.pages import page

HOME = "/models"
THEMES = ("light", "dark", "system")
THEME_COOKIE = "modelyard_theme"


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the rail; `key` is pressed after g."""

    name: str
    href: str
    icon: str
    key: str
    permission: Permission


PLACES = (
    Place("Library", "/models", "library", "l", Permission.READ_MODELS),
    Place("Jobs", "/jobs", "list-checks", "j", Permission.READ_JOBS),
    Place("Operations", "/operations", "activity", "o", Permission.READ_JOBS),
    Place("People", "/people", "users", "p", Permission.READ_USERS),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """Values of the template of the same name."""

    here: str
    places: list[Place]
    version: str
    question: str
    address: str
    theme: str
    teams: list[OwnTeam]
    team_id: str
    team_name: str
    person: str
    email: str
    is_signed_in: bool
    has_profile: bool


async def read_frame(session: AsyncSession, request: Request, actor: Actor, here: str) -> Frame:
    """The frame of a page at a place."""
    teams = await list_own_teams(session, actor)
    return Frame(
        here=here,
        places=[place for place in PLACES if actor.may(place.permission)],
        version=modelyard.__version__,
        question=request.query_params.get("q", "")[:500] if here == "Library" else "",
        address=address_of_page(request),
        theme=theme_of(request),
        teams=teams,
        team_id=actor.team_id,
        team_name=next((team.name for team in teams if team.id == actor.team_id), actor.account_name),
        person=actor.full_name or actor.email,
        email=actor.email,
        is_signed_in=actor.session_id is not None,
        has_profile=actor.may(Permission.USE_PROFILE),
    )


def framed(template: str, frame: Frame, status: int = 200, **values: object) -> Response:
    """A page within the frame."""
    return page(template, status, frame=frame, theme=frame.theme, **values)


def theme_of(request: Request) -> str:
    """The theme that this browser has chosen."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else "system"


def address_of_page(request: Request) -> str:
    """Path and query, to come back to."""
    query = request.url.query
    return quote(request.url.path) + (f"?{query}" if query else "")
