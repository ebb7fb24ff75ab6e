"""Alembic's entry: runs the revisions on the connection that `upgrade.py` gives."""

from alembic import context

from modelyard.core.database import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
