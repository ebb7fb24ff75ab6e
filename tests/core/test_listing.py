"""Order and pages of lists."""

import pytest
from sqlalchemy import ColumnClause, Select, column, select

from modelyard.core.database import Database
from modelyard.core.listing import FieldNotSortable, PageTooLarge, one_page, ordered, paged, within_budget
from modelyard.core.paging import Page, Sort
from modelyard.domain.accounts.tables import Account

_NAME: ColumnClause[str] = column("name")
_MADE: ColumnClause[str] = column("made")
_ID: ColumnClause[int] = column("id")
_COLUMNS = {"name": _NAME, "createdAt": _MADE}


def test_order_follows_known_fields_and_ends_with_the_identifier() -> None:
    assert _words(ordered(Sort(("NAME", "createdAt", "name")), _COLUMNS, _MADE, _ID)) == "name ASC, made ASC, id"
    assert _words(ordered(Sort(("name",), descending=True), _COLUMNS, _MADE, _ID)) == "name DESC, id"


def test_usual_order_holds_without_fields() -> None:
    assert _words(ordered(Sort(), _COLUMNS, _MADE, _ID)) == "made ASC, id"
    assert _words(ordered(Sort(descending=True), _COLUMNS, _MADE, _ID)) == "made DESC, id"


def test_newest_come_first_only_without_fields() -> None:
    assert _words(ordered(Sort(), _COLUMNS, _MADE, _ID, newest_first=True)) == "made DESC, id"
    assert _words(ordered(Sort(("createdAt",)), _COLUMNS, _MADE, _ID, newest_first=True)) == "made ASC, id"


async def test_what_has_no_value_comes_first_when_it_ascends(database: Database) -> None:
    async with database.write() as session:
        account = await session.get_one(Account, "account-acme")
        account.processing_engines = 5

    async with database.read() as session:
        for sort in (Sort(), Sort(descending=True)):
            order = ordered(sort, {}, Account.processing_engines, Account.id)
            found = list(await session.scalars(select(Account.id).order_by(*order)))
            assert found.index("account-acme") == (0 if sort.descending else len(found) - 1)


def test_columns_that_always_have_a_value_are_sorted_as_they_are() -> None:
    assert "NULLS" not in _words(ordered(Sort(), {}, Account.created_at, Account.id))


def test_page_asks_for_one_row_more_and_shows_whether_it_is_there() -> None:
    page = Page(number=3, size=2)
    assert _bounds(paged(select(_ID), page)) == [3, 4]  # limit and offset
    assert one_page([5, 6, 7], page).entries == [5, 6]
    assert [one_page(rows, page).has_next for rows in ([5, 6, 7], [5, 6], [])] == [True, False, False]


def test_whole_list_is_one_page() -> None:
    assert _bounds(paged(select(_ID), Page())) == []
    assert one_page([5, 6, 7], Page()) == one_page((5, 6, 7), Page(size=3))


def _words(order: list[object]) -> str:
    return ", ".join(map(str, order))


def _bounds(query: Select[int]) -> list[int]:
    return sorted(query.compile().params.values())


@pytest.mark.parametrize("unknown", ["nonsense", "name desc", "x" * 10_000])
def test_unknown_fields_are_named(unknown: str) -> None:
    with pytest.raises(FieldNotSortable, match="it can by name, createdAt") as caught:
        ordered(Sort(("name", unknown)), _COLUMNS, _MADE, _ID)
    assert unknown[:40] in caught.value.message
    assert len(caught.value.message) < 200


def test_as_many_entries_as_fit_and_one_at_least() -> None:
    whole = Page(1, 3)
    assert within_budget([], whole, 10) == 0
    assert within_budget([3, 3, 4], whole, 10) == 3
    assert within_budget([3, 3, 4, 50], whole, 10) == 3  # the last one shows only that another page follows
    assert within_budget([3, 3, 5], whole, 10) == 2
    assert within_budget([11, 1, 1], whole, 10) == 1


def test_a_page_of_a_size_that_was_asked_for_is_whole_or_refused() -> None:
    asked = Page(4, 3, is_asked=True)
    assert within_budget([3, 3, 4, 50], asked, 10) == 3
    assert within_budget([11], asked, 10) == 1
    with pytest.raises(PageTooLarge, match="per-page=2 or less"):
        within_budget([3, 3, 5], asked, 10)
