"""What searching needs beside the models: numbers for their texts, and all words that there are.

The texts themselves are in `search_texts`, a full-text table that each database makes in its own way (`store.py`).
"""

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from modelyard.core.database import Base

LONGEST_STORED = 240


class SearchRow(Base):
    """The number under which the words of a model are stored."""

    __tablename__ = "search_rows"
    __table_args__ = (
        Index("ix_search_rows_stale", "model_id", sqlite_where=text("is_stale = 1"), postgresql_where=text("is_stale")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[str] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"), unique=True)
    is_stale: Mapped[bool] = mapped_column(default=False, server_default="0")
    """Its words have changed, and will be written anew soon."""


class SearchSpelling(Base):
    """A word that is in some text, under itself and under all that is left of it when one character is missing.

    Two words that differ by one character, more or less or swapped, have one of these in common.
    """

    __tablename__ = "search_spellings"

    variant: Mapped[str] = mapped_column(String(LONGEST_STORED), primary_key=True)
    word: Mapped[str] = mapped_column(String(LONGEST_STORED), primary_key=True)
