"""How the approval of a version looks on the wire."""

from typing import Any

from modelyard.domain.models.approval_state import ApprovalFacts, ApprovalState
from modelyard.domain.models.decisions import mark_of
from modelyard.domain.models.tables import Approval, Version
from modelyard.entrypoints.rest.wire import time_text, without_none


def approval_object(facts: ApprovalFacts) -> dict[str, Any]:
    """Who was asked, who is still waited for, and what was said."""
    return without_none(
        {
            "state": facts.state,
            "askedAt": time_text(facts.asked_at) if facts.asked_at else None,
            "askedBy": facts.asked_by,
            "waitingFor": list(facts.waiting_for),
            "decisions": [_decision_object(decision) for decision in facts.decisions],
        }
    )


def approval_member(facts: ApprovalFacts) -> dict[str, Any]:
    """What a version shows of its approval: nothing where nothing was asked."""
    return {} if facts.state == ApprovalState.NOT_ASKED else {"approval": approval_object(facts)}


def waiting_version(version: Version, facts: ApprovalFacts, *, may_decide: bool) -> dict[str, Any]:
    """A version in the list of those that wait."""
    return {
        "modelId": version.model_id,
        "identifier": version.model_id,
        "name": version.model.name,
        "version": version.version,
        "status": version.status,
        "createdBy": version.created_by_email,
        "mayDecide": may_decide,
        "seen": mark_of(version),
        "approval": approval_object(facts),
    }


def _decision_object(decision: Approval) -> dict[str, Any]:
    return {
        "role": decision.role,
        "decision": "approved" if decision.is_approved else "rejected",
        "by": decision.decided_by_email,
        "reason": decision.reason,
        "at": time_text(decision.decided_at),
    }
