"""The page of a model: one version of it, part by part; `part` in the address says which."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from modelyard.core.errors import Conflict, InvalidInput, NotFound
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.models.card_export import read_sheet
from modelyard.domain.models.catalog import find_model, find_version
from modelyard.domain.models.features import features_of
from modelyard.domain.models.permalinks import follow_permalink
from modelyard.domain.models.related import list_related
from modelyard.domain.models.samples import SampleMissing, read_sample
from modelyard.domain.models.shown_version import shown_version
from modelyard.domain.models.standing import is_expired
from modelyard.domain.models.tables import Version, VersionStatus
from modelyard.domain.models.timeline import list_timeline
from modelyard.domain.models.version_diff import diff_versions
from modelyard.domain.models.visibility import may_change_version
from modelyard.domain.version_tests.read_report import VersionReport, read_report
from modelyard.entrypoints.rest.requests import Caller, ThePlatform, platform_of, public_address, read_text
from modelyard.entrypoints.web.frame import framed, read_frame
from modelyard.entrypoints.web.metric_views import shown_metrics
from modelyard.entrypoints.web.model_cards import address_of, card_of, picture_of
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.paged_lists import read_list
from modelyard.entrypoints.web.snippets import code_snippets
from modelyard.entrypoints.web.try_part import read_try_part

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PARTS = {
    "overview": "Overview",
    "try": "Try it",
    "card": "Model card",
    "contract": "Inputs and outputs",
    "versions": "Versions",
    "api": "Use it",
    "report": "Test report",
    "history": "History",
}
_ENTRIES = 50
RELATED = 4


class PartUnknown(InvalidInput):
    """The page has no such part."""

    def __init__(self, part: str) -> None:
        super().__init__(f"part must be one of {', '.join(PARTS)}, not {part[:40]!r}.")


@router.get("/models/permalink/{permalink}")
async def follow(permalink: str, platform: ThePlatform, actor: Caller) -> Response:
    """To the page of the model, also under an earlier name."""
    async with platform.database.read() as session:
        followed = await follow_permalink(session, actor, permalink)
    return RedirectResponse(address_of(followed.model.id), 303)


@router.get("/models/{model_id}")
async def show_model(model_id: str, platform: ThePlatform, actor: Caller) -> Response:
    """To the version that stands for the model."""
    async with platform.database.read() as session:
        model = await find_model(session, actor, model_id)
    shown = shown_version(model)
    if shown is None:
        raise VersionsMissing(model.name)
    return RedirectResponse(address_of(model.id, shown.version), 303)


class VersionsMissing(NotFound):
    """All versions of the model are deleted."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The model {name!r} has no version; restore one, or add a new one.")


@router.get("/models/{model_id}/{version}")
async def show_version(model_id: str, version: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    part = read_text(request, "part") or "overview"
    if part not in PARTS:
        raise PartUnknown(part)
    async with platform.database.read() as session:
        row = await find_version(session, actor, model_id, version)
        return await part_page(session, request, actor, row, part, await _READERS[part](session, request, actor, row))


async def part_page(
    session: AsyncSession,
    request: Request,
    actor: Actor,
    row: Version,
    part: str,
    values: dict[str, Any],
    status: int = 200,
) -> Response:
    """A part of the page of a version, with what its template shows."""
    now = platform_of(request).clock.now()
    here = address_of(row.model_id, row.version)
    return framed(
        f"model_{part}.html",
        await read_frame(session, request, actor, "Library"),
        status,
        model=row.model,
        version=row,
        now=now,
        is_expired=is_expired(row.model, now),
        features=features_of(row),
        background=picture_of(row.model, "background"),
        part=part,
        here=here,
        parts=[(name, title, f"{here}?part={name}") for name, title in PARTS.items()],
        versions=[
            (each.version, f"{address_of(row.model_id, each.version)}?part={part}") for each in row.model.versions
        ],
        may_deploy_version=actor.may(Permission.DEPLOY_MODELS) and may_change_version(actor, row),
        may_try=row.status == VersionStatus.ACTIVE and actor.may(Permission.SUBMIT_JOBS),
        **values,
    )


async def _overview(session: AsyncSession, request: Request, actor: Actor, row: Version) -> dict[str, Any]:
    now = platform_of(request).clock.now()
    related = (await list_related(session, actor, row.model_id))[:RELATED]
    return {
        "related": [card_of(model, now) for model in related],
        "report": await _report(session, actor, row),
        "metrics": shown_metrics(row.statistics or ()),
    }


async def _card(session: AsyncSession, _request: Request, actor: Actor, row: Version) -> dict[str, Any]:
    return {"sheet": await read_sheet(session, actor, row.model_id, row.version)}


async def _contract(_session: AsyncSession, _request: Request, _actor: Actor, _row: Version) -> dict[str, Any]:
    return {}


async def _versions(session: AsyncSession, request: Request, actor: Actor, row: Version) -> dict[str, Any]:
    """All versions, and what changed from the one that `from` names."""
    before = read_text(request, "from")
    changes = await diff_versions(session, actor, row.model_id, before, row.version) if before else []
    may_deploy = actor.may(Permission.DEPLOY_MODELS)
    return {
        "before": before,
        "changes": changes,
        "may_deploy": may_deploy and row.model.account_id == actor.account_id,
        "may_change": may_deploy and may_change_version(actor, row),
    }


async def _use(session: AsyncSession, request: Request, actor: Actor, row: Version) -> dict[str, Any]:
    try:
        sample = await read_sample(session, actor, row.model_id, row.version, "input")
    except SampleMissing:
        sample = None
    return {"snippets": code_snippets(public_address(request), row, sample)}


async def _report(session: AsyncSession, actor: Actor, row: Version) -> VersionReport | None:
    try:
        return await read_report(session, actor, row.model_id, row.version)
    except (Conflict, NotFound):
        return None


async def _tests(session: AsyncSession, _request: Request, actor: Actor, row: Version) -> dict[str, Any]:
    return {"report": await _report(session, actor, row)}


async def _history(session: AsyncSession, request: Request, actor: Actor, row: Version) -> dict[str, Any]:
    state = read_list(request, address_of(row.model_id, row.version), ("part",), _ENTRIES)
    found = await list_timeline(session, actor, row.model_id, state.page)
    return {"entries": found.entries, "following": state.following(has_next=found.has_next)}


_Reader = Callable[[AsyncSession, Request, Actor, Version], Awaitable[dict[str, Any]]]
_READERS: dict[str, _Reader] = {
    "overview": _overview,
    "try": read_try_part,
    "card": _card,
    "contract": _contract,
    "versions": _versions,
    "api": _use,
    "report": _tests,
    "history": _history,
}
