"""The pages of engines: what runs and waits, one version with how many engines it may have, one engine and its log."""

from dataclasses import dataclass, field
from datetime import timedelta

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from modelyard.app import Platform
from modelyard.core.errors import Conflict, InvalidInput, LimitReached, NotAllowed, PlatformError
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.engines.lookup import FoundEngine, find_any_engine, list_ended
from modelyard.domain.engines.tables import LIVE
from modelyard.domain.jobs.occupancy import list_occupancy, read_version_occupancy
from modelyard.domain.models.catalog import find_version
from modelyard.domain.models.metadata import VersionChanges
from modelyard.domain.models.tables import Version
from modelyard.domain.models.versions import change_version
from modelyard.domain.models.visibility import may_change, require_version_change
from modelyard.domain.monitoring import usage, use_series
from modelyard.domain.monitoring.usage import UseFilter
from modelyard.entrypoints.rest.errors import status_of
from modelyard.entrypoints.rest.requests import Caller, ThePlatform, read_text
from modelyard.entrypoints.web.chosen_periods import choose_period
from modelyard.entrypoints.web.deploy_answer import problems_of
from modelyard.entrypoints.web.forms import first, read_form
from modelyard.entrypoints.web.frame import framed, read_frame
from modelyard.entrypoints.web.operations_pages import PLACE
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.paged_lists import read_list

router = APIRouter(route_class=PageRoute, include_in_schema=False)
VERSIONS_AT_ONCE = 50
LOG_LINES = 200
ENDED_SHOWN = 10
POINTS = 120
HOURS = {"1": "1 hour", "6": "6 hours", "24": "24 hours", "48": "48 hours"}


class HoursUnusual(InvalidInput):
    """The use of an engine is not shown over such a time."""

    def __init__(self, text: str) -> None:
        super().__init__(f"hours must be one of {', '.join(HOURS)}, not {text[:20]!r}.")


@dataclass(frozen=True, slots=True)
class EnginesTyped:
    """What stands in the form of a version, and what is wrong with it, by field; empty for the form as a whole."""

    minimum: str
    maximum: str
    problems: dict[str, str] = field(default_factory=dict)
    status: int = 200


@router.get("/operations/engines")
async def show_engines(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Versions that have engines or wait for some; `show=all` has all active ones, `search` those called so."""
    state = read_list(request, "/operations/engines", ("search", "show"), VERSIONS_AT_ONCE)
    search = state.text("search")
    is_all = state.text("show") == "all" or bool(search)
    async with platform.database.read() as session:
        frame = await read_frame(session, request, actor, PLACE)
        found = await list_occupancy(session, platform.clock, actor, state.page, search=search, is_busy_only=not is_all)
    return framed(
        "engines.html",
        frame,
        now=platform.clock.now(),
        entries=found.entries,
        search=search,
        is_all=is_all,
        preceding=state.preceding,
        following=state.following(has_next=found.has_next),
    )


@router.get("/operations/versions/{model_id}/{version}")
async def show_version(model_id: str, version: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return await _version_page(
            session, request, platform, actor, await find_version(session, actor, model_id, version)
        )


@router.post("/operations/versions/{model_id}/{version}")
async def set_engines(model_id: str, version: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    form = await read_form(request)
    typed = EnginesTyped(first(form, "minimum")[:20], first(form, "maximum")[:20])
    try:
        changes = read_engines(typed)
        async with platform.database.write() as session:
            most = platform.settings.processing_engines
            await change_version(session, platform.clock, actor, model_id, version, changes, default_engines=most)
    except NumberMissing as error:
        wrong = EnginesTyped(typed.minimum, typed.maximum, {error.field: error.message}, 400)
    except (InvalidInput, Conflict, LimitReached) as error:
        told = "; ".join(problem.text for problem in problems_of(error))
        wrong = EnginesTyped(typed.minimum, typed.maximum, {"": told}, status_of(error))
    else:
        return RedirectResponse(f"/operations/versions/{model_id}/{version}", 303)
    async with platform.database.read() as session:
        row = await find_version(session, actor, model_id, version)
        return await _version_page(session, request, platform, actor, row, wrong)


class NumberMissing(InvalidInput):
    """A field of the form has no whole number."""

    def __init__(self, field_name: str) -> None:
        super().__init__("This has to be a whole number from 0 on.")
        self.field = field_name


def read_engines(typed: EnginesTyped) -> VersionChanges:
    """The form as changes of a version. Raises NumberMissing."""
    numbers = {"minimum": typed.minimum.strip(), "maximum": typed.maximum.strip()}
    for name, text in numbers.items():
        if not (text.isascii() and text.isdigit() and len(text) < 7):
            raise NumberMissing(name)
    return VersionChanges(minimum_engines=int(numbers["minimum"]), maximum_engines=int(numbers["maximum"]))


async def _version_page(
    session: AsyncSession,
    request: Request,
    platform: Platform,
    actor: Actor,
    version: Version,
    typed: EnginesTyped | None = None,
) -> Response:
    now, here = platform.clock.now(), f"/operations/versions/{version.model_id}/{version.version}"
    chosen = choose_period(request, here, now)
    wanted = UseFilter(model_id=version.model_id, version=version.version)
    may_see_uses = actor.may(Permission.READ_JOBS)
    uses = await usage.read_uses(session, actor, chosen.period, wanted, now) if may_see_uses else None
    return framed(
        "engines_of_version.html",
        await read_frame(session, request, actor, PLACE),
        typed.status if typed else chosen.status,
        now=now,
        here=here,
        entry=await read_version_occupancy(session, platform.clock, actor, version),
        ended=await list_ended(session, version.id, ENDED_SHOWN),
        version=version,
        chosen=chosen,
        uses=uses,
        days=zip_days(uses) if uses else [],
        may_see_logs=may_change(actor, version.model, Permission.READ_ENGINES),
        may_set=_may_set(actor, version),
        typed=typed or EnginesTyped(str(version.minimum_engines), str(version.maximum_engines)),
    )


def zip_days(uses: usage.Uses) -> list[tuple[str, list[int]]]:
    """Each day with its results and errors."""
    return [
        (day, [made, failed])
        for (day, made), (_, failed) in zip(uses.predictions.days, uses.failures.days, strict=True)
    ]


def _may_set(actor: Actor, version: Version) -> bool:
    try:
        require_version_change(actor, version, Permission.SET_ENGINES)
    except NotAllowed:
        return False
    return True


@router.get("/operations/engines/{engine}")
async def show_engine(engine: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """`hours` says over which time its processor and memory are shown."""
    hours = read_text(request, "hours") or "1"
    if hours not in HOURS:
        raise HoursUnusual(hours)
    now = platform.clock.now()
    async with platform.database.read() as session:
        frame = await read_frame(session, request, actor, PLACE)
        found = await find_any_engine(session, actor, engine)
        since = now - timedelta(hours=int(hours))
        points = await use_series.read_engine_series(session, found.engine.id, since, now, most=POINTS)
    is_live = found.engine.state in LIVE and bool(found.engine.container)
    log, problem = await _log_of(platform, found) if is_live else ("", "")
    return framed(
        "engine.html",
        frame,
        now=now,
        engine=found.engine,
        version=found.version,
        model=found.model,
        points=points,
        since=since,
        hours=hours,
        spans=[(words, f"/operations/engines/{engine}?hours={number}", number) for number, words in HOURS.items()],
        is_live=is_live,
        log=log,
        problem=problem,
        log_lines=LOG_LINES,
    )


async def _log_of(platform: Platform, found: FoundEngine) -> tuple[str, str]:
    """What it printed last, or why that cannot be shown."""
    try:
        lines = platform.read_log(found.engine, lines=LOG_LINES)
        return "".join([piece async for piece in lines]), ""
    except PlatformError as error:
        return "", error.message
