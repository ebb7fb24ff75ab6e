"""Adds a mark for models whose words are to be written anew, so that they are found by their old ones until then.

And an index for the order by author: where all models have one author, each page sorted all of them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("search_rows", sa.Column("is_stale", sa.Boolean(), server_default="0", nullable=False))
    op.create_index(
        "ix_search_rows_stale",
        "search_rows",
        ["model_id"],
        sqlite_where=sa.text("is_stale = 1"),
        postgresql_where=sa.text("is_stale"),
    )
    op.create_index("ix_models_author_id", "models", ["author", "id"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
