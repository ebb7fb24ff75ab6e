"""Which of the two databases a session talks to, for the few statements that each has in a way of its own."""

from sqlalchemy.ext.asyncio import AsyncSession


def is_sqlite(session: AsyncSession) -> bool:
    """Whether it is SQLite; otherwise it is PostgreSQL."""
    return session.get_bind().dialect.name == "sqlite"
