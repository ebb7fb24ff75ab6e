"""What the pages of people share: their tabs, what was just done, and the way back."""

from dataclasses import dataclass

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from modelyard.app import Platform
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.one_time_links import Purpose, SentLink
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.tables import User
from modelyard.entrypoints.rest.requests import read_text
from modelyard.entrypoints.web.frame import Frame, framed, read_frame

ROWS_AT_ONCE = 50
_TABS = (
    ("Users", "/people", Permission.READ_USERS),
    ("Teams", "/people/teams", Permission.READ_TEAMS),
    ("Projects", "/people/projects", Permission.READ_PROJECTS),
    ("Roles", "/people/roles", Permission.READ_ROLES),
    ("Accounts", "/people/accounts", Permission.READ_ACCOUNTS),
    ("Hardware presets", "/people/presets", Permission.READ_PRESETS),
    ("Quotas", "/people/quotas", Permission.READ_QUOTAS),
    ("Audit", "/people/audit", Permission.READ_AUDIT),
)
_DONE = {
    "saved": "Saved.",
    "created": "Created.",
    "deleted": "Deleted.",
    "added": "Added.",
    "removed": "Removed.",
    "sent": "The letter is on its way; earlier links work no more.",
    "invited": "The invitation is on its way by mail.",
    "suspended": "Suspended. Their keys are refused from now on.",
    "activated": "Active again. Keys that were deactivated stay so until somebody activates them.",
    "closed": "Inactive. Nobody of the account is let in from now on.",
    "opened": "Active again. Its people and keys are let in.",
    "left": "You have left the team.",
    "withdrawn": "The invitation is withdrawn; its link works no more.",
    "password": "Your password is changed; all your other sessions have ended.",
    "ended": "Signed out there.",
}
"""What pages say after a form: words of ours alone, whatever an address says."""


@dataclass(frozen=True, slots=True)
class PeopleFrame:
    """The frame of a page, its tabs, and what was just done."""

    frame: Frame
    tabs: list[tuple[str, str]]
    tab: str
    done: str


async def read_people_frame(
    session: AsyncSession, request: Request, actor: Actor, tab: str, *, is_own: bool = False
) -> PeopleFrame:
    """The frame of a page below People; of one's own profile, which is at no place of the rail."""
    frame = await read_frame(session, request, actor, "" if is_own else "People")
    tabs = [(name, href) for name, href, permission in _TABS if actor.may(permission) and not is_own]
    return PeopleFrame(frame, tabs, tab, what_was_done(request))


def what_was_done(request: Request) -> str:
    """A sentence about the form that led here."""
    return _DONE.get(read_text(request, "done"), "")


def shown(template: str, people: PeopleFrame, status: int = 200, **values: object) -> Response:
    """A page below People."""
    return framed(template, people.frame, status, people=people, **values)


async def show_link(
    request: Request, platform: Platform, actor: Actor, tab: str, user: User, link: SentLink, purpose: Purpose
) -> Response:
    """A one-time link for a user, in this one answer: where no mail brings it to them."""
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, tab)
    return shown("people_link.html", people, user=user, link=link, purpose=purpose)


def back_to(address: str, done: str = "") -> Response:
    """Leads on after a form."""
    return RedirectResponse(f"{address}?done={done}" if done else address, 303)
