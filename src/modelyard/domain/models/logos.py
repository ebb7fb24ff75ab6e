"""The logo of an account, which all of its models show."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import Conflict
from modelyard.domain.accounts.actor import Actor, RoleMissing, may_over
from modelyard.domain.accounts.organisations import find_account
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.tables import Account
from modelyard.domain.audit.record import record
from modelyard.domain.models.loose_files import claim_files
from modelyard.domain.models.picture_files import NewPicture, PictureKind
from modelyard.domain.models.pictures import Words, check_words, drop_pictures, new_row, told
from modelyard.domain.models.tables import Picture


class NoLogo(Conflict):
    """The account shows the logo that is made for it."""

    def __init__(self) -> None:
        super().__init__("The account has no logo of its own, but one that is made from its name; upload one first.")


async def find_logo(session: AsyncSession, actor: Actor, account_id: str) -> tuple[Account, Picture | None]:
    """An account, and its logo when it has one of its own. Raises AccountNotFound."""
    account = (await find_account(session, actor, account_id)).account
    where = Picture.account_id == account.id, Picture.kind == PictureKind.LOGO
    return account, (await session.scalars(select(Picture).where(*where))).first()


async def find_logo_to_change(session: AsyncSession, actor: Actor, account_id: str) -> tuple[Account, Picture | None]:
    """The same for administrators of the account or of the installation. Raises AccountNotFound, RoleMissing."""
    account, logo = await find_logo(session, actor, account_id)
    if not may_over(actor, Permission.MANAGE_TEAMS, account=account.id):
        raise RoleMissing(Permission.MANAGE_TEAMS)
    return account, logo


async def set_logo(
    session: AsyncSession, clock: Clock, actor: Actor, account_id: str, picture: NewPicture, words: Words
) -> tuple[Account, Picture]:
    """Makes a stored picture the logo of an account. Raises as `find_logo_to_change`, and WordsRejected."""
    account, replaced = await find_logo_to_change(session, actor, account_id)
    await drop_pictures(session, clock, [replaced] if replaced else [])
    row = new_row(picture, PictureKind.LOGO, check_words(words), account_id=account.id)
    session.add(row)
    await claim_files(session, picture.storage_keys)
    before, after = told(replaced), told(row)
    record(session, clock, actor, "account:logo-set", f"account/{account.id}", before=before, after=after)
    return account, row


async def remove_logo(session: AsyncSession, clock: Clock, actor: Actor, account_id: str) -> Account:
    """Takes the logo away; from now on one is made from the account's name. Raises NoLogo."""
    account, logo = await find_logo_to_change(session, actor, account_id)
    if logo is None:
        raise NoLogo
    await drop_pictures(session, clock, [logo])
    record(session, clock, actor, "account:logo-removed", f"account/{account.id}", before=told(logo))
    return account
