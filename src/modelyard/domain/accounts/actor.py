"""Who is asking."""

from dataclasses import dataclass

from modelyard.core.errors import NotAllowed
from modelyard.domain.accounts.roles import Permission, Role, permissions_of


@dataclass(frozen=True, slots=True)
class Actor:
    """A user through one of their keys; all that later code may know of who asks."""

    account_id: str
    account_name: str
    team_id: str
    user_id: str
    email: str
    first_name: str
    last_name: str
    key_prefix: str
    roles: frozenset[Role]
    is_high_priority: bool = False

    @property
    def label(self) -> str:
        """The e-mail address, for the audit trail."""
        return self.email

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()

    def may(self, permission: Permission) -> bool:
        """Whether one of the roles grants it."""
        return permission in permissions_of(self.roles)


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
