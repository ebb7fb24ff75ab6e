"""Adds the reports that tests of versions leave."""

import sqlalchemy as sa
from alembic import op

import modelyard.core.database

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "test_reports",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("test_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("step_name", sa.String(length=100), nullable=False),
        sa.Column("percentage", sa.Integer(), nullable=False),
        sa.Column("basis", sa.JSON(), nullable=False),
        sa.Column("measurements", sa.JSON(), nullable=False),
        sa.Column("created_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["test_id"], ["version_tests.id"], name=op.f("fk_test_reports_test_id_version_tests")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_test_reports_version_id_versions")),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_test_reports")),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
