"""Adds sources of inputs, lanes, votes, callbacks, situations of versions and the processes that share the work."""

import sqlalchemy as sa
from alembic import op

from modelyard.core.database import BIG_INTEGER, UtcDateTime
from modelyard.migrations.lanes_0008 import fill_lanes

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TIME = UtcDateTime(timezone=True)


def upgrade() -> None:
    _add_lanes()
    with op.batch_alter_table("jobs") as batch:
        batch.add_column(sa.Column("input_kind", sa.String(length=20), nullable=False, server_default=""))
        batch.add_column(sa.Column("sealed_source", sa.Text(), nullable=True))
        batch.add_column(sa.Column("is_preparing", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column("results_deleted_at", _TIME, nullable=True))
    with op.batch_alter_table("item_inputs") as batch:
        batch.add_column(sa.Column("location", sa.JSON(), nullable=True))
    with op.batch_alter_table("job_items") as batch:
        batch.add_column(sa.Column("lane_id", BIG_INTEGER, nullable=True))
        batch.add_column(sa.Column("error_side", sa.String(length=20), nullable=True))
    fill_lanes(op.get_bind())
    with op.batch_alter_table("job_items") as batch:
        batch.drop_index("ix_job_items_state_version_id_priority_id")
        batch.drop_column("priority")
        batch.create_index("ix_job_items_state_lane_id_id", ["state", "lane_id", "id"], unique=False)
    _add_votes_and_callbacks()
    _add_situations_and_processes()


def _add_lanes() -> None:
    op.create_table(
        "job_lanes",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("is_waiting", sa.Boolean(), nullable=False),
        sa.Column("last_turn", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_lanes")),
        sa.UniqueConstraint(
            "version_id",
            "priority",
            "team_id",
            "user_id",
            name=op.f("uq_job_lanes_version_id_priority_team_id_user_id"),
        ),
    )
    op.create_index("ix_job_lanes_is_waiting_version_id", "job_lanes", ["is_waiting", "version_id"], unique=False)


def _add_votes_and_callbacks() -> None:
    op.create_table(
        "item_votes",
        sa.Column("item_id", BIG_INTEGER, nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("is_up", sa.Boolean(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["job_items.id"], name=op.f("fk_item_votes_item_id_job_items")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_item_votes_user_id_users")),
        sa.PrimaryKeyConstraint("item_id", "user_id", name=op.f("pk_item_votes")),
    )
    op.create_table(
        "job_callbacks",
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", _TIME, nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("delivered_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_callbacks_job_id_jobs")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_callbacks")),
    )
    op.create_index("ix_job_callbacks_state_next_at", "job_callbacks", ["state", "next_at"], unique=False)


def _add_situations_and_processes() -> None:
    op.create_table(
        "situations",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("is_quarantine", sa.Boolean(), nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_situations")),
    )
    op.create_table(
        "processes",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("beat", BIG_INTEGER, nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processes")),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
