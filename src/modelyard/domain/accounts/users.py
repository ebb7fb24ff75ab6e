"""Changes users: names, title, marks and status; deactivates and deletes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import ring_after_commit
from modelyard.core.errors import Conflict, InvalidInput
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.administrators import keeping_administrators
from modelyard.domain.accounts.api_keys import TOPIC, KeyStatus
from modelyard.domain.accounts.limited_keys import require_no_administrator
from modelyard.domain.accounts.memberships import end_keys
from modelyard.domain.accounts.naming import check_name
from modelyard.domain.accounts.one_time_links import Purpose, void_links
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.sessions import end_all_sessions
from modelyard.domain.accounts.states import UserStatus
from modelyard.domain.accounts.tables import User
from modelyard.domain.accounts.user_access import find_user, is_oneself, require_over_user
from modelyard.domain.audit.changes import before_and_after, record_change

LONGEST_NAME, LONGEST_TITLE = 100, 50
TRANSITIONS: dict[UserStatus, set[UserStatus]] = {
    UserStatus.INVITED: {UserStatus.ACTIVE, UserStatus.INACTIVE, UserStatus.REJECTED, UserStatus.DELETED},
    UserStatus.ACTIVE: {UserStatus.INACTIVE, UserStatus.DELETED},
    UserStatus.INACTIVE: {UserStatus.ACTIVE, UserStatus.DELETED},
    UserStatus.REJECTED: {UserStatus.DELETED},
    UserStatus.DELETED: set(),
}
"""What administrators can do; people make themselves active by accepting, and a new invitation undoes a rejection."""


class UserDeleted(Conflict):
    """Deleted is final."""

    def __init__(self) -> None:
        super().__init__("This user is Deleted, which is final; invite the person again.")


class UserTransitionRefused(Conflict):
    """A user cannot go from one status to the other."""

    def __init__(self, before: str, after: str) -> None:
        possible = ", ".join(sorted(TRANSITIONS[UserStatus(before)])) or "none"
        super().__init__(f"A user who is {before} cannot become {after}; possible are: {possible}.")


class StatusUnknown(InvalidInput):
    """No user has this status."""

    def __init__(self, status: str) -> None:
        super().__init__(f"status must be one of {', '.join(UserStatus)}, not {status[:40]!r}.")


@dataclass(frozen=True, slots=True)
class UserChanges:
    """What to change; None leaves a field as it is, an empty title removes it."""

    first_name: str | None = None
    last_name: str | None = None
    title: str | None = None
    status: str | None = None
    visited: bool | None = None
    onboarded: bool | None = None


@dataclass(frozen=True, slots=True)
class ChangedUser:
    """A user after a change, and what it left to do once it is committed: stopped keys, files of no more use."""

    user: User
    stopped_keys: Sequence[str] = ()
    dropped_files: Sequence[str] = ()


async def change_user(
    session: AsyncSession, clock: Clock, actor: Actor, user_id: str, changes: UserChanges, *, account_id: str
) -> ChangedUser:
    """Changes names, title, status and marks; people may do that to their own, but for the status.

    `jobs.people` does it for everybody else: jobs of keys that stop are canceled.

    Raises UserNotFound, UserDeleted, StatusUnknown, UserTransitionRefused, NameRejected, LastAdministrator,
    LastPlatformAdministrator, RightsOutliveKey, and as `require_over_user`.
    """
    user = await find_user(session, actor, user_id, account_id=account_id)
    wanted = _read(changes)
    if is_oneself(actor, user) and "status" not in wanted:
        require(actor, Permission.USE_PROFILE)
    else:
        await require_over_user(session, actor, user)
    before, changed = before_and_after(user, wanted)
    if user.status == UserStatus.DELETED and changed:
        raise UserDeleted
    if changed.get("status") == UserStatus.ACTIVE:
        await require_no_administrator(session, actor, user)
    if not changed:
        return ChangedUser(user)
    files = [user.picture_key] if user.picture_key else []
    async with keeping_administrators(session, user.account_id):
        stopped = await _apply(session, clock, user, changed)
    action = _ACTIONS.get(changed.get("status", ""), "user:changed")
    record_change(session, clock, actor, action, f"user/{user.id}", before, changed)
    ring_after_commit(session, TOPIC)
    return ChangedUser(user, stopped, files if user.status == UserStatus.DELETED else ())


_ACTIONS: dict[str, str] = {
    UserStatus.ACTIVE: "user:activated",
    UserStatus.INACTIVE: "user:deactivated",
    UserStatus.REJECTED: "user:rejected",
    UserStatus.DELETED: "user:deleted",
}


def _read(changes: UserChanges) -> dict[str, Any]:
    """The columns to change and what they will hold."""
    wanted: dict[str, Any] = {"visited": changes.visited, "onboarded": changes.onboarded}
    if changes.first_name is not None:
        wanted["first_name"] = check_name(changes.first_name, "firstName", LONGEST_NAME)
    if changes.last_name is not None:
        wanted["last_name"] = check_name(changes.last_name, "lastName", LONGEST_NAME)
    if changes.status is not None:
        wanted["status"] = _read_status(changes.status)
    given = {column: value for column, value in wanted.items() if value is not None}
    if changes.title is not None:
        given["title"] = check_name(changes.title, "title", LONGEST_TITLE, may_be_empty=True) or None
    return given


def _read_status(text: str) -> UserStatus:
    for status in UserStatus:
        if status.lower() == text.strip().lower():
            return status
    raise StatusUnknown(text)


async def _apply(session: AsyncSession, clock: Clock, user: User, changed: dict[str, Any]) -> Sequence[str]:
    """Changes the row and what hangs off its status; returns the keys that stopped."""
    after = changed.get("status")
    if after is not None and after not in TRANSITIONS[UserStatus(user.status)]:
        raise UserTransitionRefused(user.status, after)
    for column, value in changed.items():
        setattr(user, column, value)
    user.updated_at = clock.now()
    if after is None or after == UserStatus.ACTIVE:
        return ()
    await void_links(session, user.id, *Purpose)
    if after == UserStatus.REJECTED:
        return ()
    await end_all_sessions(session, user.id)
    if after == UserStatus.DELETED:  # so that the person can be invited, and sign in, as somebody new
        user.password_hash = user.oidc_subject = user.picture_address = user.picture_key = None
    return await end_keys(session, user.id, KeyStatus.DELETED if after == UserStatus.DELETED else KeyStatus.INACTIVE)
