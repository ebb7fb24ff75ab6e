"""The author of a model is its account: when that is renamed, all of its models say so."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.models.search.index import index_again
from modelyard.domain.models.tables import Model


async def rename_author(session: AsyncSession, account_id: str, name: str) -> None:
    """Gives the models of an account its new name, deleted ones too; their earlier permalinks lead to them still."""
    others = (Model.account_id == account_id, Model.author != name)
    await index_again(session, select(Model.id).where(*others))
    await session.execute(update(Model).where(*others).values(author=name))
