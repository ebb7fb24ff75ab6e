"""Inserts that say what becomes of a row that is there: both databases can, each with a construct of its own."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase

from modelyard.core.dialects import is_sqlite


def insert_into(session: AsyncSession, table: type[DeclarativeBase]) -> postgresql.Insert | sqlite.Insert:
    """An insert that takes `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return (sqlite.insert if is_sqlite(session) else postgresql.insert)(table)
