"""Inserts that say what becomes of a row that is there: both databases can, each with a construct of its own."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase


def insert_into(session: AsyncSession, table: type[DeclarativeBase]) -> postgresql.Insert | sqlite.Insert:
    """An insert that takes `on_conflict_do_nothing` and `on_conflict_do_update`."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    return (sqlite.insert if is_sqlite else postgresql.insert)(table)
