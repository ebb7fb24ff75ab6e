"""Orders versions, sums them up on their models; adds expiry, deletion and what models have in common."""

import sqlalchemy as sa
from alembic import op

from modelyard.core.database import UtcDateTime
from modelyard.migrations.library_0003 import fill_models, fill_terms, fill_versions

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TIME = UtcDateTime(timezone=True)


def upgrade() -> None:
    for table in ("jobs", "job_items"):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(f"fk_{table}_version_id_versions", type_="foreignkey")
    _add_to_versions()
    _add_to_models()
    op.create_table(
        "model_terms",
        sa.Column("model_id", sa.String(length=10), nullable=False),
        sa.Column("term", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_model_terms_model_id_models")),
        sa.PrimaryKeyConstraint("model_id", "term", name=op.f("pk_model_terms")),
    )
    connection = op.get_bind()
    fill_versions(connection)
    fill_models(connection)
    fill_terms(connection)
    _add_indices()


def _add_to_versions() -> None:
    # Made anew, so that the numbers of versions that are gone never come back.
    with op.batch_alter_table("versions", recreate="auto", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.add_column(sa.Column("order_key", sa.String(length=32), nullable=False, server_default=""))
        batch.add_column(sa.Column("deleted_at", _TIME, nullable=True))
        batch.add_column(sa.Column("deleted_by", sa.String(length=320), nullable=True))
        batch.alter_column("version", existing_type=sa.String(length=40), existing_nullable=False, nullable=False)


def _add_to_models() -> None:
    with op.batch_alter_table("models") as batch:
        batch.add_column(sa.Column("name_key", sa.String(length=200), nullable=False, server_default=""))
        batch.add_column(sa.Column("expires_at", _TIME, nullable=True))
        batch.add_column(sa.Column("deleted_at", _TIME, nullable=True))
        batch.add_column(sa.Column("deleted_by", sa.String(length=320), nullable=True))
        batch.add_column(sa.Column("is_active", sa.Boolean(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("latest_version", sa.String(length=40), nullable=False, server_default=""))
        batch.add_column(sa.Column("latest_active_version", sa.String(length=40), nullable=False, server_default=""))
        batch.add_column(sa.Column("latest_version_key", sa.String(length=32), nullable=False, server_default=""))
        batch.drop_index("ix_models_account_id_name")


def _add_indices() -> None:
    """After all rows are filled in."""
    indices = {
        "models": [
            ["account_id", "name_key"],
            ["name_key", "id"],
            ["created_at", "id"],
            ["updated_at", "id"],
            ["last_active_at", "id"],
            ["latest_version_key", "id"],
            ["author", "name_key"],
            ["created_by_email", "id"],
        ],
        "versions": [
            ["model_id", "order_key"],
            ["approval_asked_at"],
            ["created_at", "id"],
            ["updated_at", "id"],
            ["minimum_engines", "id"],
            ["maximum_engines", "id"],
            ["image_id"],
        ],
        "model_tags": [["tag", "model_id"]],
        "model_terms": [["term", "model_id"]],
    }
    for table, columns in indices.items():
        for names in columns:
            op.create_index(op.f(f"ix_{table}_{'_'.join(names)}"), table, names)
    is_deleted = sa.text("deleted_at IS NOT NULL")
    op.create_index(
        op.f("ix_models_deleted_at"), "models", ["deleted_at"], sqlite_where=is_deleted, postgresql_where=is_deleted
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
