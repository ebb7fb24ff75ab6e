"""Routes of approvals: what waits for the caller, how a version stands, say yes or no."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from modelyard.core.errors import InvalidInput
from modelyard.domain.models import catalog, decisions
from modelyard.domain.models.approval_state import ApprovalFacts
from modelyard.domain.models.approvals import read_approval
from modelyard.domain.models.tables import Version
from modelyard.entrypoints.rest.approval_shapes import approval_object, waiting_version
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform, next_link, read_page
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/models", tags=["approvals"], route_class=GuardedRoute)

_WORDS = {"approved": True, "rejected": False}


class NewDecision(BaseModel):
    """What the caller says."""

    model_config = ConfigDict(json_schema_extra={"example": {"decision": "approved", "reason": "Fit for use."}})
    decision: str = Field(description="`approved` or `rejected`.")
    reason: str | None = Field(None, description="Needed when rejected.")
    seen: str | None = Field(
        None, description="`seen` of the answer that was looked at; 409 where the version has changed since."
    )


@router.get("/approvals", summary="Versions that wait for the caller's approval")
async def list_waiting(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    page = read_page(request)
    async with platform.database.read() as session:
        found = await decisions.list_waiting(session, actor, page)
    entries = [
        waiting_version(version, facts, may_decide=decisions.may_decide(actor, version, facts))
        for version, facts in found.entries
    ]
    return Json(entries, headers=next_link(request, page, has_next=found.has_next))


@router.get("/{model_id}/versions/{version}/approvals", summary="How the approval of a version stands")
async def read_approvals(model_id: str, version: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        row = await catalog.find_version(session, actor, model_id, version)
        facts = await read_approval(session, row)
        more = {"mayDecide": decisions.may_decide(actor, row, facts), "seen": decisions.mark_of(row)}
    return Json(_answer(row, facts) | more)


@router.post("/{model_id}/versions/{version}/approvals", status_code=201, summary="Approve or reject a version")
async def decide(model_id: str, version: str, body: NewDecision, platform: ThePlatform, actor: Caller) -> Response:
    """Counts for each role of the caller that was asked. The last approval makes the version active."""
    decision = decisions.Decision(_is_approved(body.decision), body.reason or "", body.seen or "")
    engines = platform.settings.processing_engines
    async with platform.database.write() as session:
        row = await decisions.decide(
            session, platform.clock, actor, model_id, version, decision, default_engines=engines
        )
        facts = await read_approval(session, row)
    return Json(_answer(row, facts), 201)


def _answer(row: Version, facts: ApprovalFacts) -> dict[str, Any]:
    return {"modelId": row.model_id, "version": row.version, "status": row.status} | approval_object(facts)


def _is_approved(word: str) -> bool:
    try:
        return _WORDS[word.strip().lower()]
    except KeyError:
        raise InvalidInput(f"decision: 'approved' or 'rejected', not {word[:40]!r}.") from None
