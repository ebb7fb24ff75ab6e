"""The full-text table: SQLite's FTS5, or PostgreSQL's tsvector, behind the same two functions.

Neither ranks nor cuts texts: both are told words, and answer which rows have words that begin so in some fields. So
both give the same answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Select, cast, column, literal_column, select, table, text
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.dialects import is_sqlite
from modelyard.domain.models.search.words import stored


class Field(StrEnum):
    """Parts of a text, the most telling first; the value is PostgreSQL's weight of it."""

    NAME = "A"
    LABELS = "B"
    SUMMARY = "C"
    WORDS = "D"


@dataclass(frozen=True, slots=True)
class SearchText:
    """The words of a model, joined by spaces: its name; tags and author; summary; everything else."""

    name: str
    labels: str
    summary: str
    words: str


_TEXTS = table("search_texts", column("rowid"), column("id"), column("document"))
_DELETE_FTS5 = text("DELETE FROM search_texts WHERE rowid = :id")
_INSERT_FTS5 = text(
    "INSERT INTO search_texts (rowid, name, labels, summary, words) VALUES (:id, :name, :labels, :summary, :words)"
)
_DELETE_TSVECTOR = text("DELETE FROM search_texts WHERE id = :id")
_INSERT_TSVECTOR = text("INSERT INTO search_texts (id, document) VALUES (:id, CAST(:document AS tsvector))")


async def write_text(session: AsyncSession, row_id: int, words: SearchText) -> None:
    """Stores the words of a row, in place of those that it had."""
    await delete_text(session, row_id)
    if is_sqlite(session):
        values = {"name": words.name, "labels": words.labels, "summary": words.summary, "words": words.words}
        await session.execute(_INSERT_FTS5, {"id": row_id, **values})
    else:
        await session.execute(_INSERT_TSVECTOR, {"id": row_id, "document": _tsvector(words)})


async def delete_text(session: AsyncSession, row_id: int) -> None:
    """Forgets the words of a row."""
    await session.execute(_DELETE_FTS5 if is_sqlite(session) else _DELETE_TSVECTOR, {"id": row_id})


async def is_in_use(session: AsyncSession, word: str) -> bool:
    """Whether some text has a word, in just this form, as it is stored."""
    if is_sqlite(session):
        matches = literal_column("search_texts").op("MATCH")(f'"{word}"')
        query = select(_TEXTS.c.rowid).where(matches)
    else:
        query = select(_TEXTS.c.id).where(_TEXTS.c.document.op("@@")(cast(f"'{word}'", TSQUERY)))
    return await session.scalar(query.limit(1)) is not None


def rows_with(session: AsyncSession, terms: Sequence[str], fields: Sequence[Field]) -> Select[int]:
    """The numbers of rows in whose fields there is, for each term, a word that begins with it.

    Args:
        terms: at least one; as `terms_of` cuts them.
    """
    if is_sqlite(session):
        columns = " ".join(field.name.lower() for field in fields)
        wanted = " AND ".join(f'"{stored(term)}"*' for term in terms)
        matches = literal_column("search_texts").op("MATCH")(f"{{{columns}}} : ({wanted})")
        return select(_TEXTS.c.rowid).where(matches)
    weights = "".join(fields)
    wanted = " & ".join(f"'{stored(term)}':*{weights}" for term in terms)
    return select(_TEXTS.c.id).where(_TEXTS.c.document.op("@@")(cast(wanted, TSQUERY)))


def _tsvector(words: SearchText) -> str:
    """Each word once, with a position for each field that it is in: a weight belongs to a position."""
    weights: dict[str, set[Field]] = {}
    for field in Field:
        for word in getattr(words, field.name.lower()).split():
            weights.setdefault(word, set()).add(field)
    order = list(Field)
    return " ".join(
        f"'{word}':{','.join(f'{order.index(field) + 1}{field}' for field in sorted(fields))}"
        for word, fields in weights.items()
    )
