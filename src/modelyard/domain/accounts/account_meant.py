"""Which account a request is about: the caller's own, or another that they named."""

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import NotFound
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.tables import Account


class AccountNotFound(NotFound):
    """There is no such account, or the caller may not see it."""

    def __init__(self, account_id: str) -> None:
        super().__init__(f"There is no account {account_id[:40]!r} that you may see.")


async def account_meant(session: AsyncSession, actor: Actor, permission: Permission, account_id: str | None) -> Account:
    """The caller's account unless another is named, which takes the permission for the whole installation.

    What they may do in their own is asked elsewhere. Raises AccountNotFound.
    """
    wanted = account_id or actor.account_id
    is_reached = wanted == actor.account_id or actor.reach(permission) == Reach.INSTALLATION
    account = await session.get(Account, wanted) if is_reached else None
    if account is None:
        raise AccountNotFound(wanted)
    return account
