"""The pages of quotas: the list with what is used now, and setting, changing and lifting one."""

from datetime import datetime

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from modelyard.core.errors import InvalidInput, PlatformError
from modelyard.core.paging import Page, Sort
from modelyard.domain.accounts import quota_queries, quotas
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.project_queries import ProjectFilter, list_projects
from modelyard.domain.accounts.quota_queries import QuotaFilter, UsedQuota, find_quota
from modelyard.domain.accounts.quota_windows import Period, window_at
from modelyard.domain.accounts.quotas import BelowUse, NewQuota, QuotaChanges, SubjectNotFound
from modelyard.domain.accounts.tables import Quota
from modelyard.domain.accounts.teams import list_teams
from modelyard.domain.accounts.user_access import UserInOtherTeams, UserNotFound, find_user
from modelyard.entrypoints.rest.requests import Caller, ThePlatform, parse_time, read_text
from modelyard.entrypoints.web.filled_forms import Filled, read_filled, refused
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.paged_lists import read_list
from modelyard.entrypoints.web.people_tabs import ROWS_AT_ONCE, back_to, read_people_frame, shown
from modelyard.entrypoints.web.wording import minute

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PATH = "/people/quotas"
MOST_CHOICES = 200
PERIODS = (("", "In all"), *((period, f"{period.capitalize()}") for period in Period))
_SUBJECTS = ("user", "team", "project")


class SubjectUnclear(InvalidInput):
    """A quota limits one user, one team or one project."""

    def __init__(self) -> None:
        super().__init__("Fill in exactly one of these: a user, a team or a project.")


_PLACES: dict[type[PlatformError], str] = {
    SubjectUnclear: "user",
    BelowUse: "quota",
    UserNotFound: "user",
    SubjectNotFound: "user",
    UserInOtherTeams: "user",
}


@router.get(PATH)
async def show_quotas(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Filters: user, team and project, each an identifier."""
    state = read_list(request, PATH, _SUBJECTS, ROWS_AT_ONCE)
    now = platform.clock.now()
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, "Quotas")
        wanted = QuotaFilter(**state.chosen)
        found = await quota_queries.list_quotas(session, platform.clock, actor, wanted, state.page, Sort())
    return shown(
        "people_quotas.html",
        people,
        now=now,
        state=state,
        quotas=[(entry, _subject_of(entry.quota), _begins_anew(entry.quota, now)) for entry in found.entries],
        has_next=found.has_next,
        may_manage=actor.may(Permission.MANAGE_QUOTAS),
    )


@router.get(PATH + "/new")
async def begin_quota(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """`user`, `team` or `project` say whom it is for."""
    given = {name: [text] for name in _SUBJECTS if (text := read_text(request, name))}
    return await _new_page(request, platform, actor, Filled(given))


@router.post(PATH)
async def create_quota(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Users are named by identifier or e-mail address."""
    form = await read_filled(request)
    try:
        form.require("quota")
        if sum(bool(form.first(name)) for name in _SUBJECTS) != 1:
            raise SubjectUnclear
        async with platform.database.write() as session:
            user = (await find_user(session, actor, form.first("user"))).id if form.first("user") else None
            await quotas.create_quota(session, platform.clock, actor, _read_new(form, user))
    except PlatformError as error:
        return await _new_page(request, platform, actor, await refused(request, form, error, _PLACES))
    return back_to(PATH, "created")


@router.get(PATH + "/{quota_id}")
async def show_quota(quota_id: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    return await _quota_page(request, platform, actor, quota_id, Filled())


@router.post(PATH + "/{quota_id}")
async def change_quota(quota_id: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    form = await read_filled(request)
    try:
        async with platform.database.write() as session:
            found = await find_quota(session, platform.clock, actor, quota_id, Permission.MANAGE_QUOTAS)
            changes = _read_changes(form, found.quota)
            await quotas.change_quota(session, platform.clock, actor, quota_id, changes)
    except PlatformError as error:
        return await _quota_page(request, platform, actor, quota_id, await refused(request, form, error, _PLACES))
    return back_to(PATH, "saved")


@router.post(PATH + "/{quota_id}/delete")
async def delete_quota(quota_id: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    form = await read_filled(request)
    try:
        async with platform.database.write() as session:
            await quotas.delete_quota(session, platform.clock, actor, quota_id)
    except PlatformError as error:
        return await _quota_page(request, platform, actor, quota_id, await refused(request, form, error))
    return back_to(PATH, "deleted")


def _read_new(form: Filled, user: str | None) -> NewQuota:
    return NewQuota(
        amount=_amount(form),
        period=form.given("period"),
        starts_at=_time(form, "from"),
        ends_at=_time(form, "to"),
        user=user,
        team=form.given("team"),
        project=form.given("project"),
    )


def _read_changes(form: Filled, quota: Quota) -> QuotaChanges:
    """What differs from what is so: fields for times hold no seconds."""
    starts_now, ends_now = (form.first(name) for name in ("from", "to"))
    has_start_changed, has_end_changed = starts_now != minute(quota.starts_at), ends_now != minute(quota.ends_at)
    return QuotaChanges(
        amount=_amount(form),
        starts_at=_time(form, "from") if has_start_changed else None,
        ends_at=_time(form, "to") if has_end_changed else None,
        without_start=has_start_changed and not starts_now,
        without_end=has_end_changed and not ends_now,
    )


def _amount(form: Filled) -> int:
    amount = form.number("quota")
    if amount is None:
        raise InvalidInput("quota: a number of items.")
    return amount


def _time(form: Filled, name: str) -> datetime | None:
    return parse_time(form.first(name), name) if form.first(name) else None


def _subject_of(quota: Quota) -> tuple[str, str]:
    """The kind of what it limits, and where that is shown."""
    if quota.user_id:
        return "user", f"/people/users/{quota.user_id}"
    if quota.team_id:
        return "team", f"/people/teams/{quota.team_id}"
    return "project", f"/people/projects/{quota.project_id}"


def _begins_anew(quota: Quota, now: datetime) -> datetime | None:
    """When the present window ends; None where there is one window only."""
    return window_at(Period(quota.period), now).end if quota.period else None


async def _new_page(request: Request, platform: ThePlatform, actor: Actor, form: Filled) -> Response:
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, "Quotas")
        choices = await _choices(session, actor)
    return shown("people_quota_new.html", people, form.status, form=form, periods=PERIODS, **choices)


async def _choices(session: AsyncSession, actor: Actor) -> dict[str, list[tuple[str, str]]]:
    """Teams and projects to choose from; which of them may be limited is asked when it is saved."""
    found: dict[str, list[tuple[str, str]]] = {"teams": [], "projects": []}
    page = Page(1, MOST_CHOICES)
    if actor.may(Permission.READ_TEAMS):
        teams = await list_teams(session, actor, "", page, Sort())
        found["teams"] = [(facts.team.id, f"{facts.team.name} · {facts.account_name}") for facts in teams.entries]
    if actor.may(Permission.READ_PROJECTS):
        projects = await list_projects(session, actor, ProjectFilter(), page, Sort())
        found["projects"] = [(facts.project.id, facts.project.name) for facts in projects.entries]
    return found


async def _quota_page(request: Request, platform: ThePlatform, actor: Actor, quota_id: str, form: Filled) -> Response:
    now = platform.clock.now()
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, "Quotas")
        found: UsedQuota = await find_quota(session, platform.clock, actor, quota_id, Permission.MANAGE_QUOTAS)
    return shown(
        "people_quota.html",
        people,
        form.status,
        form=form,
        now=now,
        entry=found,
        quota=found.quota,
        subject=_subject_of(found.quota),
        begins_anew=_begins_anew(found.quota, now),
    )
