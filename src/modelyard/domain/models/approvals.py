"""Asks for the approval of versions, and takes it back when what was approved changes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.tables import Account
from modelyard.domain.audit.record import record
from modelyard.domain.models.approval_state import ApprovalFacts, ApprovalState, approval_facts
from modelyard.domain.models.tables import Approval, Version


async def read_approval(session: AsyncSession, version: Version) -> ApprovalFacts:
    """How the approval of a version stands; its model has to be loaded."""
    return (await read_approvals(session, [version]))[version.id]


async def read_approvals(session: AsyncSession, versions: Sequence[Version]) -> dict[int, ApprovalFacts]:
    """The same for several versions, by their row ids."""
    decisions: defaultdict[int, list[Approval]] = defaultdict(list)
    ids = [version.id for version in versions]
    valid = select(Approval).where(Approval.version_id.in_(ids), Approval.is_void.is_(False)).order_by(Approval.id)
    for decision in await session.scalars(valid):
        decisions[decision.version_id].append(decision)
    accounts = {version.model.account_id for version in versions}
    rows = await session.execute(select(Account.id, Account.approval_roles).where(Account.id.in_(accounts)))
    roles = {row.id: row.approval_roles for row in rows}
    return {row.id: approval_facts(row, roles[row.model.account_id], decisions[row.id]) for row in versions}


async def is_approved(session: AsyncSession, clock: Clock, actor: Actor, version: Version) -> bool:
    """Whether a version may become active; when it may not, its approval is asked for, once."""
    facts = await read_approval(session, version)
    if not facts.roles:
        forget_request(version)
    if not facts.roles or facts.state == ApprovalState.APPROVED:
        return True
    if facts.state != ApprovalState.PENDING:
        await _void(session, version)
        _ask(session, clock, actor, version, roles=list(facts.roles))
    return False


async def reopen(session: AsyncSession, clock: Clock, actor: Actor, version: Version, changed: Iterable[str]) -> None:
    """After a change of what was put before the approvers: what they said is void, and they are asked again.

    The request is now that of whoever made the change, who cannot approve it either.
    """
    facts = await read_approval(session, version)
    approved = [decision.role for decision in facts.decisions if decision.is_approved]
    if approved:
        await _void(session, version, approvals_only=True)
        _tell(session, clock, actor, version, "approvals-void", roles=approved, changed=sorted(changed))
    if facts.asked_at is not None and (approved or version.approval_asked_by != actor.user_id):
        _ask(session, clock, actor, version, roles=list(facts.roles), changed=sorted(changed))


def withdraw(session: AsyncSession, clock: Clock, actor: Actor, version: Version) -> None:
    """Takes a request back, which nobody then has to decide about."""
    forget_request(version)
    _tell(session, clock, actor, version, "approval-withdrawn")


def forget_request(version: Version) -> None:
    """Ends a request; what was said stays."""
    version.approval_asked_at = version.approval_asked_by = version.approval_asked_by_email = None


def _ask(session: AsyncSession, clock: Clock, actor: Actor, version: Version, **details: list[str]) -> None:
    version.approval_asked_at = clock.now()
    version.approval_asked_by, version.approval_asked_by_email = actor.user_id, actor.email
    _tell(session, clock, actor, version, "approval-asked", **details)


def _tell(session: AsyncSession, clock: Clock, actor: Actor, version: Version, verb: str, **details: list[str]) -> None:
    target = f"model/{version.model_id}/{version.version}"
    record(session, clock, actor, f"model:version:{verb}", target, **details)


async def _void(session: AsyncSession, version: Version, *, approvals_only: bool = False) -> None:
    valid = update(Approval).where(Approval.version_id == version.id, Approval.is_void.is_(False))
    if approvals_only:
        valid = valid.where(Approval.is_approved)
    await session.execute(valid.values(is_void=True))
