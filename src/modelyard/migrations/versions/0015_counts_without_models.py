"""Lets facets be counted from one index, without reading any model."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_COUNTED_BY = [
    "tag_bits",
    "deleted_at",
    "scope",
    "account_id",
    "team_id",
    "created_by",
    "is_active",
    "is_recommended",
    "is_commercial",
    "expires_at",
    "id",
]


def upgrade() -> None:
    op.drop_index("ix_models_facets", table_name="models")
    op.create_index("ix_models_facets", "models", _COUNTED_BY)
