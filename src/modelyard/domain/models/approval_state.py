"""How the approval of a version stands, out of who was asked and what they said."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from modelyard.domain.models.tables import Approval, Version


class ApprovalState(StrEnum):
    """Where a request for approval stands."""

    NOT_ASKED = "NOT_ASKED"
    PENDING = "PENDING"
    REJECTED = "REJECTED"
    APPROVED = "APPROVED"


@dataclass(frozen=True, slots=True)
class ApprovalFacts:
    """The approval of one version.

    Args:
        roles: each of these has to say yes.
        waiting_for: those of them that have not.
        decisions: what was said and is not void, oldest first.
    """

    state: ApprovalState
    roles: tuple[str, ...]
    waiting_for: tuple[str, ...]
    asked_at: datetime | None
    asked_by: str | None
    decisions: tuple[Approval, ...]


def approval_facts(version: Version, roles: Sequence[str], decisions: Sequence[Approval]) -> ApprovalFacts:
    """Reads the facts of a version from its row and the decisions about it that are not void."""
    approved = {decision.role for decision in decisions if decision.is_approved}
    missing = tuple(role for role in roles if role not in approved)
    state = _state(version, decisions, is_complete=not missing)
    return ApprovalFacts(
        state=state,
        roles=tuple(roles),
        waiting_for=missing if state == ApprovalState.PENDING else (),
        asked_at=version.approval_asked_at,
        asked_by=version.approval_asked_by_email,
        decisions=tuple(decisions),
    )


def _state(version: Version, decisions: Collection[Approval], *, is_complete: bool) -> ApprovalState:
    if version.approval_asked_at is not None:
        return ApprovalState.APPROVED if is_complete else ApprovalState.PENDING
    if any(not decision.is_approved for decision in decisions):
        return ApprovalState.REJECTED
    # Deactivated since, or never asked: approvals hold until something changes that they were given for.
    return ApprovalState.APPROVED if decisions and is_complete else ApprovalState.NOT_ASKED
