"""The licence: how many engines an account may have in total, and what of that is promised to its versions."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import Conflict
from modelyard.domain.accounts import organisations
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.organisations import AccountChanges, AccountFacts
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.tables import Account
from modelyard.domain.models.authorship import rename_author
from modelyard.domain.models.requirements import EDGE_ID
from modelyard.domain.models.tables import Model, Version, VersionStatus
from modelyard.domain.models.visibility import visible_to

MOST_NAMED = 10


class LicenceExceeded(Conflict):
    """More engines are asked for than the account's licence covers."""

    def __init__(self, licensed: int, problem: str) -> None:
        super().__init__(f"The licence of the account covers {licensed} engines; {problem}.")


@dataclass(frozen=True, slots=True)
class Promise:
    """What a version is promised: engines that it keeps at all times, and the most that it may have."""

    kept: int
    most: int
    is_active: bool


def promise_to(version: Version) -> Promise:
    """What a version is promised as it stands; one for edge devices has no engines here."""
    is_active = version.status == VersionStatus.ACTIVE
    runs_here = version.requirement_id != EDGE_ID
    return Promise(
        kept=version.minimum_engines if is_active and runs_here else 0,
        most=version.maximum_engines if runs_here else 0,
        is_active=is_active,
    )


async def licensed_engines(session: AsyncSession, account_id: str, default_engines: int, *, locks: bool = False) -> int:
    """How many engines an account may have in total.

    Args:
        default_engines: of accounts whose licence says nothing.
        locks: whether others who promise engines of the account wait for the end of the transaction.
    """
    query = select(Account.processing_engines).where(Account.id == account_id)
    own: int | None = await session.scalar(query.with_for_update() if locks else query)
    return default_engines if own is None else own


async def require_licensed(session: AsyncSession, version: Version, before: Promise, default_engines: int) -> None:
    """Raises LicenceExceeded when the version is promised more than before, and more than the licence has left.

    Args:
        version: as it was changed, with its model.
    """
    after = promise_to(version)
    keeps_more = after.kept > before.kept
    has_most_anew = after.most > before.most or (after.is_active and not before.is_active)
    if not keeps_more and not has_most_anew:
        return
    licensed = await licensed_engines(session, version.model.account_id, default_engines, locks=True)
    if has_most_anew and after.most > licensed:
        raise LicenceExceeded(licensed, f"{after.most} as the maximum of a version is more than that")
    if keeps_more:
        await session.flush()
        promised = await _promised(session, version.model.account_id, except_version=version.id)
        left = licensed - sum(promised.values())
        if after.kept > left:
            raise LicenceExceeded(
                licensed,
                f"{sum(promised.values())} of them are kept running for {_named(promised)}, "
                f"so a minimum of {after.kept} is {after.kept - max(0, left)} too many",
            )


async def require_licence_allows(session: AsyncSession, account_id: str, engines: int) -> None:
    """Raises LicenceExceeded when a licence for so many engines would not cover what is promised already."""
    promised = await _promised(session, account_id)
    if sum(promised.values()) > engines:
        raise LicenceExceeded(
            engines,
            f"{sum(promised.values())} are kept running for {_named(promised)}; lower these minimums first",
        )


async def change_account(
    session: AsyncSession, clock: Clock, actor: Actor, account_id: str, changes: AccountChanges
) -> AccountFacts:
    """Changes an account as `accounts.organisations` does, when its licence covers what is promised to versions.

    Raises LicenceExceeded and what that raises.
    """
    await licensed_engines(session, account_id, 0, locks=True)
    changed = await organisations.change_account(session, clock, actor, account_id, changes)
    if changes.name is not None:
        await rename_author(session, account_id, changed.account.name)
    if changes.processing_engines is not None:
        await require_licence_allows(session, account_id, changes.processing_engines)
    return changed


async def minimum_engines_sum(session: AsyncSession, actor: Actor) -> int:
    """How many engines the account keeps running at all times for models that the actor may see."""
    require(actor, Permission.READ_MODELS)
    query = select(func.sum(Version.minimum_engines)).join(Version.model).where(*_kept_for(actor.account_id))
    return await session.scalar(query.where(visible_to(actor))) or 0


def _kept_for(account_id: str) -> list[ColumnElement[bool]]:
    """The versions for which an account keeps engines running; those for edge devices have none here."""
    return [
        Model.account_id == account_id,
        Version.status == VersionStatus.ACTIVE,
        Version.minimum_engines > 0,
        or_(Version.requirement_id != EDGE_ID, Version.requirement_id.is_(None)),
    ]


async def _promised(session: AsyncSession, account_id: str, *, except_version: int | None = None) -> dict[str, int]:
    """The engines that active versions keep at all times, those with most first."""
    query = (
        select(Model.name, Version.version, Version.minimum_engines)
        .join(Version.model)
        .where(*_kept_for(account_id))
        .order_by(Version.minimum_engines.desc(), Version.id)
    )
    if except_version is not None:
        query = query.where(Version.id != except_version)
    promised: dict[str, int] = {}
    for name, version, engines in await session.execute(query):
        words = f"{name} {version}"
        promised[words] = promised.get(words, 0) + engines
    return promised


def _named(promised: dict[str, int]) -> str:
    names = [f"{name} ({engines})" for name, engines in promised.items()]
    return ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} others" if len(names) > MOST_NAMED else "")
