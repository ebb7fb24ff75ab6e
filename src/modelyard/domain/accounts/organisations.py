"""Accounts: the organisations of an installation, their licence, and who approves versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import ring_after_commit
from modelyard.core.errors import Conflict, InvalidInput
from modelyard.core.ids import new_uuid
from modelyard.domain.accounts.account_meant import AccountNotFound
from modelyard.domain.accounts.actor import Actor, require, require_everywhere, within
from modelyard.domain.accounts.administrators import keeping_administrators
from modelyard.domain.accounts.api_keys import TOPIC
from modelyard.domain.accounts.first_start import ADMIN_TEAM
from modelyard.domain.accounts.granting import grants_of
from modelyard.domain.accounts.invitations import Invited, NewUser, make_user
from modelyard.domain.accounts.limits_in_use import require_not_outlived
from modelyard.domain.accounts.memberships import add_member
from modelyard.domain.accounts.naming import check_name
from modelyard.domain.accounts.one_time_links import LinkSender, Purpose
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.roles import PERMISSIONS, ROLES, Grants, Role, prebuilt_grants
from modelyard.domain.accounts.states import AccountStatus, UserStatus
from modelyard.domain.accounts.tables import Account, CustomRole, Team, User
from modelyard.domain.accounts.user_access import visible_users
from modelyard.domain.audit.changes import record_change
from modelyard.domain.audit.record import record

LONGEST_NAME = 200
MOST_ENGINES = 1_000_000
MOST_APPROVERS = 20
FIRST_ROLES = [str(Role.ACCOUNT_ADMIN), str(Role.DATA_SCIENTIST)]
"""Of the first administrator of a further account: never those of the installation."""


class AccountExists(Conflict):
    """Two accounts cannot have one name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is an account {name!r} already; choose another name.")


class RoleCannotApprove(InvalidInput):
    """Nobody with this role could say yes, so no version could become active."""

    def __init__(self, role: str) -> None:
        super().__init__(
            f"approvalRoles: {role[:60]!r} is no role of this account that may approve versions; it needs the "
            f"permission {Permission.APPROVE_MODELS}."
        )


class AccountStatusUnknown(InvalidInput):
    """No account has this status."""

    def __init__(self, status: str) -> None:
        super().__init__(f"status must be one of {', '.join(AccountStatus)}, not {status[:40]!r}.")


class OwnAccount(Conflict):
    """Who deactivates their own account locks themselves out."""

    def __init__(self) -> None:
        super().__init__("This is your own account, which somebody of another account has to deactivate.")


class EnginesAbsurd(InvalidInput):
    """A licence for a number of engines that nobody can have."""

    def __init__(self) -> None:
        super().__init__(f"processingEngines must be 0 to {MOST_ENGINES}.")


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """An account and how many users it has."""

    account: Account
    users: int


@dataclass(frozen=True, slots=True)
class AccountChanges:
    """What to change; None leaves a field as it is, lists replace."""

    name: str | None = None
    processing_engines: int | None = None
    approval_roles: Sequence[str] | None = None
    status: str | None = None


def _facts() -> Any:
    users = select(func.count()).select_from(User)
    users = users.where(User.account_id == Account.id, User.status != UserStatus.DELETED)
    return select(Account, users.scalar_subquery())


async def list_accounts(session: AsyncSession, actor: Actor) -> list[AccountFacts]:
    """The accounts that the actor may see, by their names."""
    require(actor, Permission.READ_ACCOUNTS)
    seen = within(actor, Permission.READ_ACCOUNTS, account=Account.id)
    query = _facts().where(seen).order_by(func.lower(Account.name), Account.id)
    return [AccountFacts(*row) for row in await session.execute(query)]


async def find_account(session: AsyncSession, actor: Actor, account_id: str) -> AccountFacts:
    """An account by its identifier. Raises AccountNotFound."""
    require(actor, Permission.READ_ACCOUNTS)
    seen = within(actor, Permission.READ_ACCOUNTS, account=Account.id)
    row = (await session.execute(_facts().where(Account.id == account_id, seen))).one_or_none()
    if row is None:
        raise AccountNotFound(account_id)
    return AccountFacts(*row)


async def list_account_users(
    session: AsyncSession, actor: Actor, account_id: str, most: int | None = None
) -> list[User]:
    """Those of an account's users that the actor may see, by their names; the first ones only where `most` says so."""
    if not actor.may(Permission.READ_USERS):
        return []
    where = User.account_id == account_id, User.status != UserStatus.DELETED, visible_users(actor)
    query = select(User).where(*where).order_by(User.first_name, User.last_name, User.id).limit(most)
    return list(await session.scalars(query))


async def name_approvers(session: AsyncSession, accounts: Sequence[Account]) -> dict[str, list[str]]:
    """What the roles are called that approve versions, by account."""
    query = select(CustomRole.account_id, CustomRole.identifier, CustomRole.name).where(
        CustomRole.account_id.in_([account.id for account in accounts if account.approval_roles])
    )
    custom = {(account, role): name for account, role, name in await session.execute(query)}
    prebuilt = {str(role): facts.name for role, facts in ROLES.items()}
    return {
        account.id: [custom.get((account.id, role), prebuilt.get(role, role)) for role in account.approval_roles]
        for account in accounts
    }


async def create_account(
    session: AsyncSession, clock: Clock, actor: Actor, links: LinkSender, name: str, first: NewUser, *, server: str
) -> tuple[AccountFacts, Invited]:
    """A further account with its admin team, and somebody invited to administer it.

    Raises RoleMissing, RightsOutliveKey, AccountExists, EmailTaken, NameRejected, BadMailAddress.
    """
    require_everywhere(actor, Permission.MANAGE_ACCOUNTS)
    await require_not_outlived(session, actor, prebuilt_grants(FIRST_ROLES))
    account = Account(id=new_uuid(), name="", created_at=clock.now())
    await _set_name(session, account, name)
    team = Team(id=new_uuid(), account_id=account.id, name=ADMIN_TEAM, is_admin=True, created_at=clock.now())
    session.add(team)
    user = await make_user(session, clock, first, account.id, sees_all=True)
    key = add_member(session, clock, user, team, FIRST_ROLES)
    await session.flush()
    link = await links.send(session, user, Purpose.INVITATION, server)
    after = {"name": account.name, "team": team.id, "administrator": user.id}
    record(session, clock, actor, "account:created", f"account/{account.id}", after=after)
    invited = {"email": user.email, "team": team.id, "roles": FIRST_ROLES, "status": user.status}
    record(session, clock, actor, "user:invited", f"user/{user.id}", after=invited)
    return AccountFacts(account, 1), Invited(user, key.prefix, link)


async def change_account(
    session: AsyncSession, clock: Clock, actor: Actor, account_id: str, changes: AccountChanges
) -> AccountFacts:
    """Changes name, licence, who approves, and whether its people and keys are let in.

    Raises RoleMissing, AccountNotFound, AccountExists, EnginesAbsurd, RoleCannotApprove, AccountStatusUnknown,
    OwnAccount, LastPlatformAdministrator.
    """
    require_everywhere(actor, Permission.MANAGE_ACCOUNTS)
    facts = await find_account(session, actor, account_id)
    account = facts.account
    before = _told(account)
    if changes.name is not None:
        await _set_name(session, account, changes.name)
    if changes.processing_engines is not None:
        if not 0 <= changes.processing_engines <= MOST_ENGINES:
            raise EnginesAbsurd
        account.processing_engines = changes.processing_engines
    if changes.approval_roles is not None:
        account.approval_roles = await _check_approvers(session, account.id, changes.approval_roles)
    if changes.status is not None:
        await _set_status(session, actor, account, changes.status)
    if record_change(session, clock, actor, "account:changed", f"account/{account.id}", before, _told(account)):
        ring_after_commit(session, TOPIC)
    return facts


async def _set_status(session: AsyncSession, actor: Actor, account: Account, text: str) -> None:
    status = next((status for status in AccountStatus if status.lower() == text.strip().lower()), None)
    if status is None:
        raise AccountStatusUnknown(text)
    if account.id == actor.account_id and status != AccountStatus.ACTIVE:
        raise OwnAccount
    async with keeping_administrators(session, None):
        account.status = status


async def _set_name(session: AsyncSession, account: Account, name: str) -> None:
    name = check_name(name, "name", LONGEST_NAME)
    same = select(Account.id).where(func.lower(Account.name) == name.lower(), Account.id != account.id)
    if await session.scalar(same):
        raise AccountExists(name)
    account.name = name
    session.add(account)
    try:
        await session.flush()
    except IntegrityError:  # somebody else was quicker
        raise AccountExists(name) from None


async def _check_approvers(session: AsyncSession, account_id: str, roles: Sequence[str]) -> list[str]:
    wanted = list(dict.fromkeys(roles))
    if len(wanted) > MOST_APPROVERS:
        raise InvalidInput(f"approvalRoles: at most {MOST_APPROVERS}.")
    query = select(CustomRole).where(CustomRole.account_id == account_id, CustomRole.identifier.in_(wanted))
    grants: dict[str, Grants] = {str(role): granted for role, granted in PERMISSIONS.items()}
    grants |= {role.identifier: grants_of(role) for role in await session.scalars(query)}
    for role in wanted:
        if Permission.APPROVE_MODELS not in grants.get(role, ()):
            raise RoleCannotApprove(role)
    return wanted


def _told(account: Account) -> dict[str, Any]:
    return {
        "name": account.name,
        "status": account.status,
        "processingEngines": account.processing_engines,
        "approvalRoles": list(account.approval_roles or []),
    }
