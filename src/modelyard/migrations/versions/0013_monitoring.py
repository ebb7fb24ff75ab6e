"""Adds uses by day, samples of machines and engines, past alerts; and finds models by when they expire."""

import sqlalchemy as sa
from alembic import op

from modelyard.core.database import BIG_INTEGER, UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TIME = UtcDateTime(timezone=True)
_DAY_KEY = ("day", "version_id", "team_id", "user_id", "project_id", "key_prefix")
_CPU_AND_MEMORY = [f"{what}_{how}" for what in ("cpu", "memory") for how in ("available", "requested", "used")]


def upgrade() -> None:
    _add_use_days()
    _add_samples()
    _add_alerts()
    op.create_index("ix_models_expires_at", "models", ["expires_at"])


def _add_use_days() -> None:
    sums = ("jobs", "predictions", "failures", "input_bytes", "elapsed_ms")
    op.create_table(
        "use_days",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("version_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("team_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("key_prefix", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("model_id", sa.String(length=10), nullable=False),
        sa.Column("model_name", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in sums),
        sa.PrimaryKeyConstraint(*_DAY_KEY, name=op.f("pk_use_days")),
    )
    op.create_table(
        "use_marks",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("counted_until", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_use_marks")),
    )


def _add_samples() -> None:
    op.create_table(
        "machine_uses",
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("node", sa.String(length=255), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _CPU_AND_MEMORY),
        sa.PrimaryKeyConstraint("at", "node", name=op.f("pk_machine_uses")),
    )
    op.create_table(
        "engine_uses",
        sa.Column("engine_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cpu_used", sa.BigInteger(), nullable=False),
        sa.Column("memory_used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("engine_id", "at", name=op.f("pk_engine_uses")),
    )
    op.create_index("ix_engine_uses_at", "engine_uses", ["at"])


def _add_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", BIG_INTEGER, nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("team_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=True),
        sa.Column("model_id", sa.String(length=10), nullable=False),
        sa.Column("raised_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index("ix_alerts_ended_at", "alerts", ["ended_at"])
    op.create_index("ix_alerts_raised_at", "alerts", ["raised_at"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
