"""One of a thing is not called many."""

import pytest

from modelyard.core.counted import counted


@pytest.mark.parametrize(
    ("number", "thing", "words"),
    [
        (0, "row", "0 rows"),
        (1, "row", "1 row"),
        (2, "row", "2 rows"),
        (1, "entry", "1 entry"),
        (5, "entry", "5 entries"),
    ],
)
def test_counted(number: int, thing: str, words: str) -> None:
    assert counted(number, thing) == words
