"""Says yes or no to versions that have to be approved before they become active."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from modelyard.core.clock import Clock
from modelyard.core.database import ring_after_commit
from modelyard.core.errors import Conflict, InvalidInput, NotAllowed
from modelyard.core.listing import one_page, paged
from modelyard.core.paging import Found, Page
from modelyard.domain.accounts.actor import Actor, may_over, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.audit.changes import shortened
from modelyard.domain.audit.record import record
from modelyard.domain.models.activation import activate, deactivate
from modelyard.domain.models.approval_state import ApprovalFacts, ApprovalState
from modelyard.domain.models.approvals import forget_request, read_approval, read_approvals
from modelyard.domain.models.card_schemas import card_gaps
from modelyard.domain.models.catalog import find_version_to_decide
from modelyard.domain.models.licence import promise_to, require_licensed
from modelyard.domain.models.lifecycle import facts_of, missing_steps
from modelyard.domain.models.locks import lock_version
from modelyard.domain.models.metadata import MOST_ENGINES
from modelyard.domain.models.summary import refresh_summary
from modelyard.domain.models.tables import Approval, Version, VersionStatus
from modelyard.domain.models.versions import TOPIC
from modelyard.domain.models.visibility import models_within, waits_for

LONGEST_REASON = 2000


class NothingToDecide(Conflict):
    """The version does not wait for a decision."""

    def __init__(self, version: Version, state: ApprovalState) -> None:
        why = {
            ApprovalState.APPROVED: "it is approved already",
            ApprovalState.REJECTED: "it was rejected; ask again by setting its status to active",
        }.get(state, "nobody has asked for its approval; ask by setting its status to active")
        super().__init__(f"There is nothing to decide about version {version.version} of {version.model_id}: {why}.")


class DecidedAlready(Conflict):
    """The caller's roles have said yes."""

    def __init__(self) -> None:
        super().__init__("Your roles have approved this version already; it waits for others.")


class NotAnApprover(NotAllowed):
    """The version's approval is not the caller's to give."""

    def __init__(self, why: str) -> None:
        super().__init__(f"You cannot decide about this version: {why}.")


class OwnVersion(NotAllowed):
    """Nobody approves what is their own."""

    def __init__(self) -> None:
        super().__init__(
            "Nobody approves a version that they created, changed last or asked for themselves; "
            "somebody else with the role has to."
        )


class ReasonRejected(InvalidInput):
    """The reason is missing, too long, or no text."""


class ChangedSince(Conflict):
    """Who decides has not seen what would become active."""

    def __init__(self) -> None:
        super().__init__("The version has changed since you looked at it; look again, then decide.")


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody says about a version.

    Args:
        seen: the mark of what they were shown, as `mark_of` gives it; empty where that is not known.
    """

    is_approved: bool
    reason: str = ""
    seen: str = ""


def mark_of(version: Version) -> str:
    """Differs after every change of the version or its model."""
    return f"{version.updated_at.isoformat()} {version.model.updated_at.isoformat()}"


async def decide(
    session: AsyncSession,
    clock: Clock,
    actor: Actor,
    model_id: str,
    version: str,
    decision: Decision,
    *,
    default_engines: int = MOST_ENGINES,
) -> Version:
    """Approves or rejects a version for each role of the caller that was asked. The last yes makes it active.

    Args:
        default_engines: the licence of accounts that have none of their own.

    Raises ModelNotFound, VersionNotFound, NotAnApprover, OwnVersion, NothingToDecide, DecidedAlready, ReasonRejected,
    ChangedSince, LicenceExceeded.
    """
    require(actor, Permission.APPROVE_MODELS)
    await lock_version(session, model_id, version)
    row = await find_version_to_decide(session, actor, model_id, version)
    promised = promise_to(row)
    facts = await read_approval(session, row)
    _require_approver(actor, row, facts)
    if decision.seen not in {"", mark_of(row)}:
        raise ChangedSince
    reason = _checked_reason(decision)
    roles = _roles_to_decide_for(actor, row, facts, decision)
    for role in roles:
        session.add(
            Approval(
                version_id=row.id,
                role=role,
                is_approved=decision.is_approved,
                reason=reason,
                decided_by=actor.user_id,
                decided_by_email=actor.email,
                decided_at=clock.now(),
                is_void=False,
            )
        )
    await session.flush()
    verb = "approved" if decision.is_approved else "rejected"
    target = f"model/{model_id}/{version}"
    record(session, clock, actor, f"model:version:{verb}", target, roles=roles, reason=shortened(reason))
    await _follow(session, clock, actor, row, decision)
    await require_licensed(session, row, promised, default_engines)
    await refresh_summary(session, model_id)
    ring_after_commit(session, TOPIC)
    return row


def may_decide(actor: Actor, row: Version, facts: ApprovalFacts) -> bool:
    """Whether a yes of the actor would count."""
    is_approver = actor.may(Permission.APPROVE_MODELS) and actor.project_id is None and _reaches(actor, row)
    return is_approver and not _is_own(actor, row) and not actor.roles.isdisjoint(facts.waiting_for)


async def list_waiting(session: AsyncSession, actor: Actor, page: Page) -> Found[tuple[Version, ApprovalFacts]]:
    """The versions that wait for one of the actor's roles, those that wait longest first, with their presets."""
    require(actor, Permission.APPROVE_MODELS)
    query = (
        select(Version)
        .join(Version.model)
        .where(waits_for(actor), models_within(actor, Permission.APPROVE_MODELS))
        .order_by(Version.approval_asked_at, Version.id)
        .options(joinedload(Version.model), joinedload(Version.requirement))
    )
    rows = one_page((await session.scalars(paged(query, page))).all(), page)
    facts = await read_approvals(session, rows.entries)
    return Found([(row, facts[row.id]) for row in rows.entries], rows.has_next)


def _reaches(actor: Actor, row: Version) -> bool:
    model = row.model
    owners = {"account": model.account_id, "team": model.team_id, "user": model.created_by}
    return may_over(actor, Permission.APPROVE_MODELS, **owners)


def _is_own(actor: Actor, row: Version) -> bool:
    """By the person and not by their address, which belongs to somebody else once they are deleted."""
    return actor.user_id in {row.created_by, row.approval_asked_by}


def _require_approver(actor: Actor, row: Version, facts: ApprovalFacts) -> None:
    if actor.project_id is not None:
        raise NotAnApprover("people do, not a project's key")
    if not _reaches(actor, row):
        raise NotAnApprover("its team has approvers of its own")
    if actor.roles.isdisjoint(facts.roles):
        asked = ", ".join(facts.roles) or "nobody"
        raise NotAnApprover(f"the account asks {asked}, and you have none of these roles here")


def _roles_to_decide_for(actor: Actor, row: Version, facts: ApprovalFacts, decision: Decision) -> list[str]:
    """The roles for which the decision counts: all that the actor has; of a yes those that have not said it."""
    is_open = facts.asked_at is not None and (facts.waiting_for or row.status != VersionStatus.ACTIVE)
    if not is_open or (decision.is_approved and not facts.waiting_for):
        raise NothingToDecide(row, facts.state)
    if not decision.is_approved:
        return [role for role in facts.roles if role in actor.roles]
    if _is_own(actor, row):
        raise OwnVersion
    roles = [role for role in facts.waiting_for if role in actor.roles]
    if not roles:
        raise DecidedAlready
    return roles


async def _follow(session: AsyncSession, clock: Clock, actor: Actor, row: Version, decision: Decision) -> None:
    """Does what was decided: the last yes activates, any no ends the request and takes out of service."""
    if not decision.is_approved:
        if row.status == VersionStatus.ACTIVE:
            deactivate(session, clock, actor, row, because="rejected")
        forget_request(row)
    elif not (
        (await read_approval(session, row)).waiting_for or missing_steps(facts_of(row)) or await card_gaps(session, row)
    ):
        await activate(session, clock, actor, row)


def _checked_reason(decision: Decision) -> str:
    reason = decision.reason.strip()
    if not reason and not decision.is_approved:
        raise ReasonRejected("reason: say why the version is rejected, so that its owner knows what to change.")
    if len(reason) > LONGEST_REASON or "\0" in reason:
        raise ReasonRejected(f"reason: at most {LONGEST_REASON} characters of text, this has {len(reason)}.")
    return reason
