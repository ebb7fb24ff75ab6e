"""Puts the rows of a list in order, takes one page of them, and reads what belongs to many of them."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeVar

from sqlalchemy import Select

from modelyard.core.errors import InvalidInput, TooLarge
from modelyard.core.paging import Found, Page, Sort

T = TypeVar("T")
_Query = TypeVar("_Query", bound=Select[*tuple[Any, ...]])


_LONGEST_NAME = 40
_MOST_NAMED = 10
AT_ONCE = 5_000
"""Values in one statement; databases take a few times as many."""


def portions(values: Sequence[T]) -> Iterable[Sequence[T]]:
    """The values in parts that fit into one statement each."""
    return parts_of(values, AT_ONCE)


def parts_of(values: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    """The values in parts of so many."""
    return (values[start : start + size] for start in range(0, len(values), size))


class FieldNotSortable(InvalidInput):
    """A list does not know what it should be sorted by."""

    def __init__(self, unknown: Sequence[str], known: Iterable[str]) -> None:
        named = ", ".join(repr(name[:_LONGEST_NAME]) for name in unknown[:_MOST_NAMED])
        super().__init__(f"sort-by: this list cannot be sorted by {named}; it can by {', '.join(known)}.")


def known_sort(sort: Sort, known: Iterable[str]) -> Sort:
    """The same sort, its fields as the list spells them, and each once. Raises FieldNotSortable."""
    spelt = {name.lower(): name for name in known}
    if unknown := [name for name in sort.fields if name.lower() not in spelt]:
        raise FieldNotSortable(unknown, spelt.values())
    return Sort(tuple(dict.fromkeys(spelt[name.lower()] for name in sort.fields)), sort.descending)


def ordered(
    sort: Sort, columns: Mapping[str, Any], usual: Any, identifier: Any, *, newest_first: bool = False
) -> list[Any]:
    """What to order a list by; no value comes before all values. Raises FieldNotSortable.

    Args:
        columns: what each field of the API is in the database.
        usual: the column that decides when no field does.
        identifier: decides between what is equal otherwise, so that no entry is on two pages.
        newest_first: whether `usual` is a time of which the last comes first, whatever the direction.
    """
    chosen = [columns[name] for name in known_sort(sort, columns).fields]
    is_descending = sort.descending or (newest_first and not chosen)
    return [*(_directed(column, is_descending=is_descending) for column in chosen or [usual]), identifier]


def _directed(column: Any, *, is_descending: bool) -> Any:
    if not getattr(getattr(column, "expression", None), "nullable", False):
        return column.desc() if is_descending else column.asc()
    # Databases differ in this. Said of other columns as well, it would keep PostgreSQL from using their indexes.
    return column.desc().nulls_last() if is_descending else column.asc().nulls_first()


def paged(query: _Query, page: Page) -> _Query:
    """The query for one page, and one row more when there is another; `one_page` takes what it returns."""
    return query if page.size is None else query.offset(page.offset).limit(page.size + 1)


def one_page(rows: Sequence[T], page: Page) -> Found[T]:
    """The page out of what a query of `paged` has returned."""
    return Found(list(rows[: page.size]), has_next=page.size is not None and len(rows) > page.size)


class PageTooLarge(TooLarge):
    """The entries of a page have more bytes than an answer holds."""

    def __init__(self, fitting: int) -> None:
        super().__init__(f"This page would be too large to send at once; ask for it with per-page={fitting} or less.")


def within_budget(sizes: Sequence[int], page: Page, most: int) -> int:
    """How many of a page's entries fit into an answer; one at least. `Link` leads to the others.

    Args:
        sizes: of all entries that the page can have, and of one more where `paged` found it.
        most: what they may have in all.

    Raises PageTooLarge when not all fit and the size of the page was asked for: who gets fewer takes it for the last.
    """
    fitting = sum(total <= most for total in accumulate(sizes[: page.size])) or min(1, len(sizes))
    if page.is_asked and fitting < len(sizes[: page.size]):
        raise PageTooLarge(fitting)
    return fitting
