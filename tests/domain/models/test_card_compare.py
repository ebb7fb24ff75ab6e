"""Two cards side by side: which members differ, and which words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.domain.models.card_compare import Kind, Piece, changed_words, compare_cards


def _told(left: str, right: str) -> list[tuple[str, str]]:
    return [(piece.kind.value, piece.text) for piece in changed_words(left, right)]


@pytest.mark.parametrize(
    ("left", "right", "pieces"),
    [
        ("", "new", [("added", "new")]),
        ("old", "", [("removed", "old")]),
        ("a b c", "a x c", [("same", "a "), ("removed", "b"), ("added", "x"), ("same", " c")]),
        ("a b", "a b c", [("same", "a b"), ("added", " c")]),
        ("a\n\nb", "a\nb", [("same", "a"), ("removed", "\n\n"), ("added", "\n"), ("same", "b")]),
    ],
)
def test_words(left: str, right: str, pieces: list[tuple[str, str]]) -> None:
    assert _told(left, right) == pieces


@given(st.text(alphabet="ab \n", max_size=60), st.text(alphabet="ab \n", max_size=60))
def test_the_pieces_are_the_texts(left: str, right: str) -> None:
    pieces = changed_words(left, right)

    assert "".join(piece.text for piece in pieces if piece.kind != Kind.ADDED) == left
    assert "".join(piece.text for piece in pieces if piece.kind != Kind.REMOVED) == right


def _numbers(count: int, of: int = 1_000_003) -> list[str]:
    return [str(number * 7919 % of) for number in range(count)]


def test_long_texts_are_compared_by_lines_and_longer_ones_as_a_whole() -> None:
    words = _numbers(2000)
    lines = [" ".join(words[start : start + 20]) for start in range(0, 2000, 20)]
    others = [*lines[:30], "another line", *lines[70:]]
    pieces = changed_words("\n".join(lines), "\n".join(others))
    assert Piece(Kind.ADDED, "another line\n") in pieces

    left, right = " ".join(words), " ".join(reversed(words))
    assert _told(left, right) == [("removed", left), ("added", right)]


def test_texts_made_to_be_slow_end() -> None:
    for words in (["a"] * 50_000, _numbers(20_000, of=151), _numbers(490, of=7)):
        other = [*words[1::2], *words[::2]]
        changed_words(" ".join(words), " ".join(other))
        changed_words("\n".join(words), "\n".join(other[:-1]))


def test_every_member_is_there() -> None:
    left = {"caveats": "a", "languages": ["en"], "licence": "MIT"}
    right = {"caveats": "b", "languages": ["en", "de"], "licence": "MIT", "more": 1}
    found = {each.name: each for each in compare_cards(left, right)}

    assert list(found) == ["caveats", "languages", "licence", "more"]
    assert found["licence"].is_same
    assert found["caveats"].words == (Piece(Kind.REMOVED, "a"), Piece(Kind.ADDED, "b"))
    assert (found["languages"].is_same, found["languages"].words) == (False, ())
    assert (found["more"].left, found["more"].right) == (None, 1)
