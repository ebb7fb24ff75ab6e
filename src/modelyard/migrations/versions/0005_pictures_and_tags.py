"""Keeps one row for each uploaded picture, with snapshots and logos; images and fast counts of tags."""

import sqlalchemy as sa
from alembic import op

import modelyard.core.database

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BITS = (
    *("language_and_text", "colors,_textures,_and_patterns", "computers_and_software", "equipment_and_machinery"),
    *("food", "infrastructure_and_buildings", "people_and_activities", "satellites_and_space"),
    *("topics,_ideas,_and_sentiment", "vehicles_and_transportation", "video,_images,_and_illustrations"),
    *("label_or_classify", "count", "enhance_or_preprocess", "forecast_or_estimate", "locate_or_detect"),
    *("audio", "binary", "image", "signal", "time_series"),
)
"""The predefined tags, in the order of their bits."""


def upgrade() -> None:
    op.create_table(
        "loose_files",
        sa.Column("storage_key", sa.String(length=500), nullable=False),
        sa.Column("due", modelyard.core.database.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("storage_key", name=op.f("pk_loose_files")),
    )
    op.create_index(op.f("ix_loose_files_due"), "loose_files", ["due"])
    _renew_pictures()
    op.add_column("tags", sa.Column("picture_id", sa.String(length=32)))
    op.add_column("tags", sa.Column("picture_extension", sa.String(length=4)))
    op.create_index(op.f("ix_tags_picture_id"), "tags", ["picture_id"])
    op.add_column("models", sa.Column("tag_bits", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index("ix_models_facets", "models", ["scope", "account_id", "team_id", "created_by", "tag_bits", "id"])
    models = sa.table("models", sa.column("id"), sa.column("tag_bits"))
    tagged = sa.table("model_tags", sa.column("model_id"), sa.column("tag"))
    for bit, tag in enumerate(BITS):
        carriers = sa.select(tagged.c.model_id).where(tagged.c.tag == tag)
        op.execute(sa.update(models).where(models.c.id.in_(carriers)).values(tag_bits=models.c.tag_bits + (1 << bit)))


def _renew_pictures() -> None:
    """Each size had a row and an address of its own; the addresses stay."""
    columns = ("id", "model_id", "address", "relation_type", "caption")
    old = sa.table("pictures", *(sa.column(name) for name in columns))
    rows = op.get_bind().execute(sa.select(old).order_by(old.c.id)).all()
    op.drop_table("pictures")
    new = op.create_table(
        "pictures",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("model_id", sa.String(length=10), nullable=True),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("caption", sa.String(length=500), nullable=True),
        sa.Column("alt", sa.String(length=500), nullable=True),
        sa.Column("relations", sa.JSON(), nullable=False),
        sa.Column("extension", sa.String(length=4), nullable=False),
        sa.Column("has_webp", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_pictures_account_id_accounts")),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_pictures_model_id_models")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
    )
    op.create_index(op.f("ix_pictures_account_id"), "pictures", ["account_id"])
    op.create_index(op.f("ix_pictures_model_id"), "pictures", ["model_id"])
    renewed = [
        {
            "id": row.address.partition("_")[0],
            "kind": "picture",
            "model_id": row.model_id,
            "position": number,
            "caption": row.caption,
            "relations": [row.relation_type],
            "extension": row.address.rpartition(".")[2],
            "has_webp": False,
        }
        for number, row in enumerate(rows)
    ]
    if new is not None and renewed:
        op.bulk_insert(new, renewed)
