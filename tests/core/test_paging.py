"""Pages of lists."""

from modelyard.core.paging import Page


def test_whole_list_starts_at_its_beginning() -> None:
    assert Page().offset == 0
    assert Page(number=7).offset == 0


def test_page_starts_after_the_ones_before() -> None:
    assert [Page(number, 10).offset for number in (1, 2, 3)] == [0, 10, 20]


def test_no_page_is_farther_away_than_a_database_counts() -> None:
    assert Page(999_999_999, 10_000).offset == 2**31 - 1
