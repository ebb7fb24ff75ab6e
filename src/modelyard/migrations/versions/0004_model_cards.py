"""Adds model cards and what accounts ask of them; words that are there become first revisions."""

import sqlalchemy as sa
from alembic import op

import modelyard.core.database

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "card_revisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("technical_details", sa.Text(), nullable=False),
        sa.Column("performance_summary", sa.Text(), nullable=False),
        sa.Column("changed_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_by_email", sa.String(length=320), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["versions.id"], name=op.f("fk_card_revisions_version_id_versions"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_revisions")),
        sa.UniqueConstraint("version_id", "number", name=op.f("uq_card_revisions_version_id_number")),
    )
    op.create_table(
        "card_schemas",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("schema", sa.Text(), nullable=False),
        sa.Column("changed_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_by_email", sa.String(length=320), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_card_schemas_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_card_schemas")),
    )
    op.execute(
        "INSERT INTO card_revisions (version_id, number, content, technical_details, performance_summary,"
        " changed_at, changed_by_email)"
        " SELECT id, 1, '{}', technical_details, performance_summary, updated_at, created_by_email FROM versions"
        " WHERE technical_details <> '' OR performance_summary <> ''"
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
