"""Places are written as people write them."""

import pytest

from modelyard.core.places import LONGEST, place_of, told_once


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ([], ""),
        (["inputs", 2, "maximumSize"], "inputs[2].maximumSize"),
        ([0, "a"], "[0].a"),
        (["a b", "c"], "['a b'].c"),
        (["$defs", "a/b"], "$defs['a/b']"),
        (["a", "\x00"], "a['\\x00']"),
    ],
)
def test_places(path: list[str | int], place: str) -> None:
    assert place_of(path) == place


def test_what_could_not_be_read_is_told_once() -> None:
    unread = ("inputs[1]: no object", "caveats: no text")
    problems = ["inputs[1].name: missing", "inputs[10].name: missing", "caveats: too long", "caveatsMore: too long"]

    assert told_once(unread, problems) == [*unread, "inputs[10].name: missing", "caveatsMore: too long"]


def test_a_long_place_is_shortened() -> None:
    assert len(place_of(["x" * 100] * 50)) == LONGEST + 1
