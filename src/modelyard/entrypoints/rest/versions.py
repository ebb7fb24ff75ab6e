"""Routes of versions: create, describe, activate, samples."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from modelyard.app import Platform
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.models import catalog, samples
from modelyard.domain.models import versions as domain
from modelyard.domain.models.approvals import read_approval
from modelyard.domain.models.metadata import VersionChanges
from modelyard.domain.models.requirements import DEFAULT_ID
from modelyard.domain.models.tables import Version, VersionStatus
from modelyard.domain.models.version_diff import activation_warnings
from modelyard.domain.version_tests.request import newest_test
from modelyard.domain.version_tests.tables import TestKind
from modelyard.entrypoints.body_numbers import Number, Whole
from modelyard.entrypoints.rest.approval_shapes import approval_member
from modelyard.entrypoints.rest.model_shapes import version_details
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform
from modelyard.entrypoints.rest.whole_bodies import WholeBody
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/models/{model_id}/versions", tags=["versions"], route_class=GuardedRoute)


class NewVersion(BaseModel):
    """A further version of a model."""

    version: str
    longDescription: str | None = None  # noqa: N815 - the API's spelling


class Timeout(BaseModel):
    """Milliseconds."""

    status: Whole | None = None
    run: Whole | None = None


class RequirementChoice(BaseModel):
    """A hardware preset by its number; the older key means the default preset where the number is unknown."""

    requirementId: Whole | None = None  # noqa: N815
    requirementAccountId: Whole | None = None  # noqa: N815


class InputEntry(BaseModel):
    """One named input."""

    name: str
    acceptedMediaTypes: str = "application/json"  # noqa: N815
    maximumSize: Whole = Field(1_000_000, description="Bytes per item.")  # noqa: N815
    description: str | None = ""


class OutputEntry(BaseModel):
    """One named output file."""

    name: str
    mediaType: str = "application/json"  # noqa: N815
    maximumSize: Whole = Field(1_000_000, description="Bytes per file.")  # noqa: N815
    description: str | None = ""


class Statistic(BaseModel):
    """One metric; members beyond these are kept as they are."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)
    label: str = ""
    category: str | None = ""
    type: str | None = ""
    description: str | None = ""
    highlight: bool | None = False
    order: Whole | None = 0
    value: Number = 0


class Processing(BaseModel):
    """How many engines may run."""

    minimumParallelCapacity: Whole | None = None  # noqa: N815
    maximumParallelCapacity: Whole | None = None  # noqa: N815


_STAND_INS = {"inputs": lambda place: {"name": place}, "outputs": lambda place: {"name": place}}


class VersionChange(WholeBody, Processing):
    """What to change; absent or null leaves a field as it is, lists replace."""

    stand_ins = _STAND_INS
    requirement: RequirementChoice | None = None
    timeout: Timeout | None = None
    inputs: list[InputEntry] | None = None
    outputs: list[OutputEntry] | None = None
    statistics: list[Statistic] | None = None
    processing: Processing | None = None
    inputValidationSchema: str | dict[str, Any] | None = Field(  # noqa: N815
        None, description="A JSON Schema (2020-12) for JSON inputs, as text or as it is; empty for none."
    )
    longDescription: str | None = None  # noqa: N815
    technicalDetails: str | None = None  # noqa: N815
    performanceSummary: str | None = None  # noqa: N815
    versionHistory: str | None = None  # noqa: N815
    status: str | None = Field(None, description="`active` or `inactive`.")

    def to_changes(self) -> VersionChanges:
        """The same in the domain's words."""
        engines = self.processing or self
        return VersionChanges(
            requirement_id=_preset(self.requirement),
            status_timeout_ms=self.timeout.status if self.timeout else None,
            run_timeout_ms=self.timeout.run if self.timeout else None,
            inputs=_plain(self.inputs),
            outputs=_plain(self.outputs),
            statistics=_plain(self.statistics),
            input_validation_schema=_text(self.inputValidationSchema),
            long_description=self.longDescription,
            technical_details=self.technicalDetails,
            performance_summary=self.performanceSummary,
            version_history=self.versionHistory,
            minimum_engines=engines.minimumParallelCapacity,
            maximum_engines=engines.maximumParallelCapacity,
            status=self.status,
            unread=self.unread,
        )


def _text(schema: str | dict[str, Any] | None) -> str | None:
    return json.dumps(schema, ensure_ascii=False) if isinstance(schema, dict) else schema


def _plain(entries: Any) -> list[dict[str, Any]] | None:
    if entries is None:
        return None
    return [{name: "" if value is None else value for name, value in entry.model_dump().items()} for entry in entries]


def _preset(choice: RequirementChoice | None) -> int | None:
    if choice is None:
        return None
    if choice.requirementId is None and choice.requirementAccountId is not None:
        return DEFAULT_ID
    return choice.requirementId


async def version_answer(
    session: AsyncSession, now: datetime, version: Version, status: int = 200, *, warnings: Sequence[str] = ()
) -> Response:
    """A version with its newest tests and its approval, and whom it breaks when it becomes active."""
    load = await newest_test(session, version.id, TestKind.LOAD)
    run = await newest_test(session, version.id, TestKind.RUN)
    approval = approval_member(await read_approval(session, version))
    told = {"warnings": list(warnings)} if warnings else {}
    return Json(version_details(version, now, load=load, run=run) | approval | told, status)


async def _change(
    session: AsyncSession, platform: Platform, actor: Actor, model_id: str, version: str, changes: VersionChanges
) -> Version:
    engines = platform.settings.processing_engines
    return await domain.change_version(
        session, platform.clock, actor, model_id, version, changes, default_engines=engines
    )


@router.post("", status_code=201, summary="Create a further version")
async def create_version(model_id: str, body: NewVersion, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        version = await domain.create_version(
            session,
            platform.clock,
            actor,
            model_id,
            version=body.version,
            long_description=body.longDescription or "",
        )
        return await version_answer(session, platform.clock.now(), version, 201)


@router.get("/{version}", summary="Read a version")
async def read_version(model_id: str, version: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        row = await catalog.find_version(session, actor, model_id, version)
        return await version_answer(session, platform.clock.now(), row)


@router.patch("/{version}", summary="Describe, activate or deactivate a version")
async def change_version(
    model_id: str, version: str, body: VersionChange, platform: ThePlatform, actor: Caller
) -> Response:
    """A version that has to be approved before is not active yet: 202, with what it waits for in `approval`.

    Whom an activation breaks, compared with the version that was active, is told in `warnings`.
    """
    changes = body.to_changes()
    async with platform.database.write() as session:
        row = await _change(session, platform, actor, model_id, version, changes)
        waits = changes.wants_active and row.status != VersionStatus.ACTIVE
        warnings = await activation_warnings(session, row) if changes.wants_active else []
        return await version_answer(session, platform.clock.now(), row, 202 if waits else 200, warnings=warnings)


@router.patch("/{version}/processing", summary="Set how many engines may run")
async def change_processing(
    model_id: str, version: str, body: VersionChange, platform: ThePlatform, actor: Caller
) -> Response:
    """The bare object, or the same nested in `processing`; other members are ignored here."""
    engines = body.processing or body
    changes = VersionChanges(
        minimum_engines=engines.minimumParallelCapacity, maximum_engines=engines.maximumParallelCapacity
    )
    async with platform.database.write() as session:
        row = await _change(session, platform, actor, model_id, version, changes)
        return await version_answer(session, platform.clock.now(), row)


_SAMPLE_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}}


@router.get("/{version}/sample-input", summary="The sample input")
async def read_sample_input(model_id: str, version: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json(await samples.read_sample(session, actor, model_id, version, "input"))


@router.get("/{version}/sample-output", summary="The sample output")
async def read_sample_output(model_id: str, version: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json(await samples.read_sample(session, actor, model_id, version, "output"))


@router.put("/{version}/sample-input", summary="Set the sample input", openapi_extra=_SAMPLE_BODY)
async def write_sample_input(
    model_id: str, version: str, request: Request, platform: ThePlatform, actor: Caller
) -> Response:
    return await _write_sample(model_id, version, "input", request, platform, actor)


@router.put("/{version}/sample-output", summary="Set the sample output", openapi_extra=_SAMPLE_BODY)
async def write_sample_output(
    model_id: str, version: str, request: Request, platform: ThePlatform, actor: Caller
) -> Response:
    return await _write_sample(model_id, version, "output", request, platform, actor)


async def _write_sample(
    model_id: str, version: str, kind: str, request: Request, platform: ThePlatform, actor: Caller
) -> Response:
    sample = await request.json()
    async with platform.database.write() as session:
        stored = await samples.write_sample(session, platform.clock, actor, model_id, version, kind, sample)
    return Json(stored)
