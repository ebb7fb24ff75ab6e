"""The part of a model's page on which one tries a version: a form, and what became of what was sent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import milliseconds_between
from modelyard.core.errors import Conflict
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.engines.start_times import last_start_ms, start_ms_after
from modelyard.domain.jobs.first_item import FirstItem, read_first_item
from modelyard.domain.jobs.occupancy import read_reason_to_wait
from modelyard.domain.jobs.queries import JobNotFound
from modelyard.domain.jobs.status import FINISHED, UNFINISHED_ITEMS
from modelyard.domain.jobs.submit import require_runnable
from modelyard.domain.jobs.tables import Job
from modelyard.domain.models.contract import declared_inputs
from modelyard.domain.models.samples import read_sample
from modelyard.domain.models.tables import Version, VersionStatus
from modelyard.entrypoints.rest.requests import platform_of, public_address, read_text
from modelyard.entrypoints.web.explanations import (
    Mask,
    Piece,
    Prediction,
    Word,
    mark_words,
    mask_of,
    predictions_of,
    words_of,
)
from modelyard.entrypoints.web.input_views import InputShown, shown_input
from modelyard.entrypoints.web.model_cards import address_of
from modelyard.entrypoints.web.output_views import VALUES_ALONE, OutputShown, document_of, shown_output
from modelyard.entrypoints.web.snippets import CodeSnippet, code_snippets
from modelyard.entrypoints.web.try_form import TryField, fields_of, with_texts

MOST_WORDS_LISTED = 12
SHOWN_LANGUAGES = ("curl", "Command line")
"""Of the snippets below the form; the part `Use it` has all."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long it took, in milliseconds; None for what has not happened.

    Args:
        start: of the engine, where it became ready while the item waited.
        model: without the fetching of inputs, which the latency of an item counts as well.
    """

    waited: int | None
    start: int | None
    model: int | None
    total: int | None


@dataclass(frozen=True, slots=True)
class Explained:
    """What a model says of why it answers so, ready to be shown."""

    pieces: list[Piece]
    """Of the text that was sent; none where it is not at hand."""
    words: list[Word]
    """What counts most."""
    mask: Mask | None
    picture: InputShown | None
    """What lies below the mask."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of what was sent."""

    job: Job
    state: str
    error: str | None
    error_side: str | None
    is_finished: bool
    reason: str | None
    last_start_ms: int | None
    """How long the last engine of the version took to start."""
    timing: Timing
    predictions: list[Prediction]
    explained: Explained | None
    inputs: list[InputShown]
    outputs: list[OutputShown]


async def read_try_part(session: AsyncSession, request: Request, actor: Actor, row: Version) -> dict[str, Any]:
    """The form, and with `job` what became of that job."""
    tried = await _read_tried(session, actor, row, job_id) if (job_id := read_text(request, "job")) else None
    texts = {entry.name: entry.text for entry in tried.inputs if entry.kind == "text"} if tried else {}
    explain = tried.job.explain if tried else row.explains
    fields = with_texts(fields_of(row), texts)
    values = await try_values(session, request, actor, row, fields, explain=explain)
    if tried is None:
        return values
    waited_ms = milliseconds_between(tried.job.submitted_at, platform_of(request).clock.now())
    return values | {"tried": tried, "look_again_ms": look_again_after(waited_ms)}


async def try_values(
    session: AsyncSession,
    request: Request,
    actor: Actor,
    row: Version,
    fields: list[TryField],
    *,
    explain: bool,
    problem: str = "",
) -> dict[str, Any]:
    """What the template shows; `problem` is one that is of no field."""
    platform = platform_of(request)
    obstacle = _obstacle(row, actor, platform.clock.now())
    return {
        "fields": fields,
        "explain": explain,
        "problem": problem,
        "obstacle": obstacle,
        "instead": _active_version(row) if obstacle else "",
        "most_bytes": platform.settings.max_body_bytes,
        "may_cancel": actor.may(Permission.CANCEL_JOBS),
        "tried": None,
        "snippets": await _snippets(session, request, actor, row) if row.inputs else [],
    }


async def _snippets(session: AsyncSession, request: Request, actor: Actor, row: Version) -> list[CodeSnippet]:
    sample = await read_sample(session, actor, row.model_id, row.version, "input")
    found = code_snippets(public_address(request), row, sample)
    return [snippet for snippet in found if snippet.language in SHOWN_LANGUAGES]


def look_again_after(waited_ms: int) -> int:
    """Milliseconds until a page looks again: soon at first, seldom once it has taken long."""
    return min(5_000, max(400, waited_ms // 10))


def _obstacle(row: Version, actor: Actor, now: datetime) -> str:
    """Why the actor cannot try the version; empty when they can."""
    if not (actor.may(Permission.SUBMIT_JOBS) and actor.may(Permission.READ_JOBS)):
        return "Your roles let you look at models, but not run them; ask an administrator for a role that does."
    try:
        require_runnable(row, now)
    except Conflict as error:
        return error.message
    return ""


def _active_version(row: Version) -> str:
    """The page of a version that does run, if there is one."""
    others = [each for each in row.model.versions if each.status == VersionStatus.ACTIVE and each.id != row.id]
    return f"{address_of(row.model_id, others[-1].version)}?part=try" if others else ""


async def _read_tried(session: AsyncSession, actor: Actor, row: Version, job_id: str) -> Tried:
    found = await read_first_item(session, actor, job_id)
    if found.job.version_id != row.id:
        raise JobNotFound(job_id)
    item = found.item
    start_ms = await start_ms_after(session, item.engine, item.queued_at) if item and item.engine else None
    last_ms = await last_start_ms(session, row.id)
    return _tried(found, row, _Waiting(await read_reason_to_wait(session, found.job), start_ms, last_ms))


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Why an item waits, how long its engine took to start, and how long the last one did."""

    reason: str | None
    start_ms: int | None
    last_ms: int | None


def _tried(found: FirstItem, row: Version, waiting: _Waiting) -> Tried:
    job, item = found.job, found.item
    types = {declared.name: declared.media_types for declared in declared_inputs(row)}
    inputs = [shown_input(job.id, entry, types.get(entry.name, ())) for entry in found.inputs]
    document = next((value for output in found.outputs if (value := document_of(output)) is not None), None)
    return Tried(
        job=job,
        state=item.state if item else "queued",
        error=item.error if item else None,
        error_side=item.error_side if item else None,
        is_finished=job.status in FINISHED or (item is not None and item.state not in UNFINISHED_ITEMS),
        reason=waiting.reason,
        last_start_ms=waiting.last_ms,
        timing=_timing(found, waiting.start_ms),
        predictions=predictions_of(document),
        explained=_explained(document, inputs),
        inputs=inputs,
        outputs=_outputs(found),
    )


def _outputs(found: FirstItem) -> list[OutputShown]:
    if found.item is None:
        return []
    name = found.item.name
    return [shown_output(found.job.id, name, output, most_values=VALUES_ALONE) for output in found.outputs]


def _timing(found: FirstItem, start_ms: int | None) -> Timing:
    item = found.item
    if item is None:
        return Timing(None, None, None, None)
    waited = milliseconds_between(item.queued_at, item.started_at) if item.started_at else None
    total = milliseconds_between(item.queued_at, item.finished_at) if item.finished_at else None
    model = item.latency_ms - (item.fetch_ms or 0) if item.latency_ms is not None else None
    return Timing(waited, start_ms, model, total)


def _explained(document: Any, inputs: list[InputShown]) -> Explained | None:
    words, mask = words_of(document), mask_of(document)
    if not words and mask is None:
        return None
    text = next((entry.text for entry in inputs if entry.kind == "text"), "")
    picture = next((entry for entry in inputs if entry.kind == "picture"), None)
    most = sorted(words, key=lambda word: -abs(word.weight))[:MOST_WORDS_LISTED]
    return Explained(mark_words(text, words) if words else [], most, mask, picture if mask else None)
