"""Adds what searching the library needs: full texts, and all words that there are."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.id"], name=op.f("fk_search_rows_model_id_models"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_rows")),
        sa.UniqueConstraint("model_id", name=op.f("uq_search_rows_model_id")),
    )
    op.create_table(
        "search_spellings",
        sa.Column("variant", sa.String(length=240), nullable=False),
        sa.Column("word", sa.String(length=240), nullable=False),
        sa.PrimaryKeyConstraint("variant", "word", name=op.f("pk_search_spellings")),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE search_texts USING fts5"
            "(name, labels, summary, words, tokenize='ascii', prefix='2 3', detail='column')"
        )
    else:
        op.execute("CREATE TABLE search_texts (id integer PRIMARY KEY, document tsvector NOT NULL)")
        op.execute("CREATE INDEX ix_search_texts_document ON search_texts USING gin (document)")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
