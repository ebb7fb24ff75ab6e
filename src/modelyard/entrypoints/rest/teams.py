"""Routes of teams and their members."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from modelyard.domain.accounts import members
from modelyard.domain.accounts import teams as domain
from modelyard.domain.jobs.people import remove_member as remove_from_team
from modelyard.domain.jobs.people import remove_team
from modelyard.entrypoints.rest.requests import (
    Caller,
    GuardedRoute,
    ThePlatform,
    next_link,
    read_page,
    read_sort,
    read_text,
)
from modelyard.entrypoints.rest.team_shapes import member_object, team_object
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/accounting/teams", tags=["teams"], route_class=GuardedRoute)


class NewTeam(BaseModel):
    """A team to create; the account is the caller's unless a platform administrator says otherwise."""

    name: str
    account: str | None = Field(None, max_length=36)


class TeamChange(BaseModel):
    """What to change; absent or null leaves a field as it is."""

    name: str | None = None


class MemberRoles(BaseModel):
    """The roles in the team; absent or null leaves them as they are, and makes a developer of somebody new."""

    roles: list[str] | None = Field(None, max_length=100)


@router.get("", summary="List the teams that one is in or may see")
async def list_teams(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    page = read_page(request)
    async with platform.database.read() as session:
        found = await domain.list_teams(session, actor, read_text(request, "search"), page, read_sort(request))
    return Json(
        [team_object(facts) for facts in found.entries], headers=next_link(request, page, has_next=found.has_next)
    )


@router.post("", status_code=201, summary="Create a team")
async def create_team(body: NewTeam, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        facts = await domain.create_team(session, platform.clock, actor, body.name, body.account)
    return Json(team_object(facts), 201)


@router.get("/{team}", summary="Read a team")
async def read_team(team: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json(team_object(await domain.find_team(session, actor, team)))


@router.patch("/{team}", summary="Rename a team")
async def change_team(team: str, body: TeamChange, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        return Json(team_object(await domain.rename_team(session, platform.clock, actor, team, body.name)))


@router.delete("/{team}", summary="Delete a team that owns nothing any more")
async def delete_team(team: str, platform: ThePlatform, actor: Caller) -> Response:
    """Its members lose their keys for this team for good."""
    async with platform.database.write() as session:
        await remove_team(session, platform.clock, actor, team)
    return Json({})


@router.get("/{team}/members", summary="List the members of a team")
async def list_members(team: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json([member_object(member) for member in await members.list_members(session, actor, team)])


@router.put("/{team}/members/{user}", summary="Add a member, or change their roles")
async def set_member(
    team: str, user: str, platform: ThePlatform, actor: Caller, body: MemberRoles | None = None
) -> Response:
    """The user is named by identifier or e-mail address. Somebody new gets a key for the team."""
    roles = body.roles if body else None
    async with platform.database.write() as session:
        member = await members.set_member(session, platform.clock, actor, team, user, roles)
    return Json(member_object(member))


@router.delete("/{team}/members/{user}", summary="Take a member out of a team")
async def remove_member(team: str, user: str, platform: ThePlatform, actor: Caller) -> Response:
    """Deletes the key that they have for the team."""
    async with platform.database.write() as session:
        await remove_from_team(session, platform.clock, actor, team, user)
    return Json({})
