"""In which order found models come, and how to go on behind one of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, tuple_

from modelyard.core.errors import InvalidInput
from modelyard.domain.models.tables import Model


class Order(StrEnum):
    """What found models are sorted by; the words are those of the list of models."""

    RELEVANCE = "relevance"
    NAME = "name"
    AUTHOR = "author"
    CREATED = "createdAt"
    UPDATED = "updatedAt"
    LAST_ACTIVE = "lastActiveDateTime"


class OrderUnknown(InvalidInput):
    """Models cannot be sorted so."""

    def __init__(self, text: str) -> None:
        super().__init__(f"sort-by must be one of {', '.join(Order)}, not {text[:40]!r}.")


class BestComeFirst(InvalidInput):
    """Relevance has one direction."""

    def __init__(self) -> None:
        super().__init__("direction goes with a sort-by other than relevance: what fits best comes first.")


@dataclass(frozen=True, slots=True)
class Sorting:
    """An order and its direction. By relevance what fits best comes first, and of equals what changed last."""

    order: Order = Order.RELEVANCE
    descending: bool = False

    def __post_init__(self) -> None:
        if self.order is Order.RELEVANCE and self.descending:
            raise BestComeFirst


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the list of what was found: behind this model.

    Args:
        value: what it is sorted by, a time as ISO text; by relevance when it changed last.
    """

    order: Order
    descending: bool
    tier: int
    value: str
    model_id: str

    @property
    def sorting(self) -> Sorting:
        """The order that it is a place of. Raises BestComeFirst."""
        return Sorting(self.order, self.descending)


_COLUMNS: dict[Order, Any] = {
    Order.RELEVANCE: Model.updated_at,
    Order.NAME: Model.name_key,
    Order.AUTHOR: Model.author,
    Order.CREATED: Model.created_at,
    Order.UPDATED: Model.updated_at,
    Order.LAST_ACTIVE: Model.last_active_at,
}
_TEXTS = {Order.NAME, Order.AUTHOR}


def position_of(model: Model, tier: int, sorting: Sorting) -> Position:
    """Where a model stands."""
    value = getattr(model, _COLUMNS[sorting.order].key)
    text = value.isoformat() if isinstance(value, datetime) else value
    return Position(sorting.order, sorting.descending, tier, text, model.id)


def columns_of(sorting: Sorting) -> list[Any]:
    """What to order by; within a tier, by relevance."""
    column = _COLUMNS[sorting.order]
    if sorting.order is Order.RELEVANCE:
        return [column.desc(), Model.id]
    return [column.desc(), Model.id.desc()] if sorting.descending else [column, Model.id]


def behind(position: Position) -> ColumnElement[bool]:
    """The condition on what comes behind a place; by relevance within its tier. Raises ValueError."""
    column, value = _COLUMNS[position.order], _value_of(position)
    if position.order is Order.RELEVANCE:
        return and_(column <= value, or_(column < value, Model.id > position.model_id))
    compare: Callable[[Any, Any], ColumnElement[bool]] = (
        (lambda one, other: one < other) if position.descending else (lambda one, other: one > other)
    )
    return compare(tuple_(column, Model.id), tuple_(value, position.model_id))


def _value_of(position: Position) -> Any:
    if position.order in _TEXTS:
        return position.value
    at = datetime.fromisoformat(position.value)
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time that is none in UTC") from None
