"""Who is asking, and what they may do to what: every face and every domain function asks here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, false, or_, true

from modelyard.core.errors import NotAllowed
from modelyard.domain.accounts.permissions import Permission, Reach


@dataclass(frozen=True, slots=True)
class Actor:
    """A user in a team, or a project, through a key or a session; all that later code may know of who asks."""

    account_id: str
    account_name: str
    team_id: str
    user_id: str
    email: str
    first_name: str
    last_name: str
    key_prefix: str
    roles: frozenset[str]
    grants: Mapping[Permission, Reach] = field(repr=False)
    in_admin_team: bool = False
    is_high_priority: bool = False
    project_id: str | None = None
    project_name: str = ""
    session_id: str | None = None
    """Set when a signed-in person asks, and not a key."""

    @property
    def label(self) -> str:
        """The e-mail address, for the audit trail."""
        return self.email

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()

    def may(self, permission: Permission) -> bool:
        """Whether one of the roles grants it, however far."""
        return permission in self.grants

    def reach(self, permission: Permission) -> Reach | None:
        """How far the permission goes for this actor; None without it. The admin team stands for its account."""
        reach = self.grants.get(permission)
        return Reach.ACCOUNT if reach == Reach.TEAM and self.in_admin_team else reach


class RoleMissing(NotAllowed):
    """None of the caller's roles grants what they asked for."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(
            f"Your key's roles do not include the permission '{permission}'; ask an administrator for a role that does."
        )


def require(actor: Actor, permission: Permission) -> None:
    """Raises RoleMissing unless one of the actor's roles grants the permission."""
    if not actor.may(permission):
        raise RoleMissing(permission)


def require_everywhere(actor: Actor, permission: Permission) -> None:
    """Raises RoleMissing unless one of the roles grants the permission for the whole installation."""
    if actor.reach(permission) != Reach.INSTALLATION:
        raise RoleMissing(permission)


def may_over(
    actor: Actor,
    permission: Permission,
    *,
    account: str,
    team: str | None = None,
    user: str | None = None,
    project: str | None = None,
) -> bool:
    """Whether the permission holds over a thing that belongs to these."""
    reach = actor.reach(permission)
    if reach is None or reach == Reach.INSTALLATION:
        return reach is not None
    if account != actor.account_id:
        return False
    is_own = project == actor.project_id if actor.project_id else user == actor.user_id
    return reach == Reach.ACCOUNT or (reach == Reach.TEAM and team == actor.team_id) or is_own


def within(
    actor: Actor, permission: Permission, *, account: Any, team: Any = None, user: Any = None, project: Any = None
) -> ColumnElement[bool]:
    """The same as a condition for lists: over which rows the permission holds. Takes columns."""
    return rows_within(actor, actor.reach(permission), account=account, team=team, user=user, project=project)


class Whose(Protocol):
    """To whom things can belong."""

    @property
    def account_id(self) -> str: ...
    @property
    def team_id(self) -> str: ...
    @property
    def user_id(self) -> str: ...
    @property
    def project_id(self) -> str | None: ...


def rows_within(
    who: Whose, reach: Reach | None, *, account: Any, team: Any = None, user: Any = None, project: Any = None
) -> ColumnElement[bool]:
    """The condition for lists when the reach is known already."""
    if reach is None or reach == Reach.INSTALLATION:
        return true() if reach else false()
    same_account: ColumnElement[bool] = account == who.account_id
    if reach == Reach.ACCOUNT:
        return same_account
    own: ColumnElement[bool] | None = None
    if who.project_id:
        own = None if project is None else project == who.project_id
    elif user is not None:
        own = user == who.user_id
    reasons = [own] if own is not None else []
    if reach == Reach.TEAM and team is not None:
        reasons.append(team == who.team_id)
    return and_(same_account, or_(false(), *reasons))
