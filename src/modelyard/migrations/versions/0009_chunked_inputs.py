"""Adds the chunks of inputs that are uploaded in several, and finds items by their names."""

import hashlib

import sqlalchemy as sa
from alembic import op

from modelyard.core.database import BIG_INTEGER

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_LONGEST_PLAIN = 100
_SHOWN = 40


def upgrade() -> None:
    op.create_table(
        "input_chunks",
        sa.Column("item_id", BIG_INTEGER, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("storage_key", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["job_items.id"], name=op.f("fk_input_chunks_item_id_job_items")),
        sa.PrimaryKeyConstraint("item_id", "name", "position", name=op.f("pk_input_chunks")),
    )
    with op.batch_alter_table("job_items") as batch:
        batch.add_column(sa.Column("name_key", sa.String(length=104), nullable=False, server_default=""))
    _fill_keys(op.get_bind())
    op.create_index("ix_job_items_job_id_name_key", "job_items", ["job_id", "name_key"], unique=True)
    uploads = ["input_kind", "inputs_deleted_at", "status"]
    op.create_index("ix_jobs_input_kind_inputs_deleted_at_status", "jobs", uploads, unique=False)


def _fill_keys(connection: sa.Connection) -> None:
    """As `domain/jobs/item_names.py` makes them: names were unique in their jobs, so keys are."""
    short = sa.text("UPDATE job_items SET name_key = name WHERE length(name) <= :longest")
    connection.execute(short, {"longest": _LONGEST_PLAIN})
    long = sa.text("SELECT id, name FROM job_items WHERE length(name) > :longest")
    change = sa.text("UPDATE job_items SET name_key = :key WHERE id = :id")
    for rows in connection.execute(long, {"longest": _LONGEST_PLAIN}).partitions(1000):
        connection.execute(change, [{"id": row.id, "key": _key(row.name)} for row in rows])


def _key(name: str) -> str:
    return name[:_SHOWN] + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
