"""Refuses the one character that not all databases can store: NUL."""

from typing import Any

from sqlalchemy import String, inspect
from sqlalchemy.orm import Session, UOWTransaction

from modelyard.core.errors import InvalidInput

NUL = "\0"


class NulRefused(InvalidInput):
    """A text has a NUL character."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field}: must not contain the character NUL (U+0000).")


def refuse_nul(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    """Looks at texts that are about to be stored, and names the first bad one. Raises NulRefused."""
    for row in (*session.new, *session.dirty):
        state = inspect(row)
        for name, value in state.dict.items():
            if isinstance(value, str) and NUL in value and _is_text(state.mapper.columns.get(name)):
                raise NulRefused(_in_the_apis_spelling(name))


def _is_text(column: Any) -> bool:
    return column is not None and isinstance(column.type, String)


def _in_the_apis_spelling(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
