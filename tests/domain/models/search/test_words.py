"""Cutting texts into words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.domain.models.search.words import LONGEST_WORD, MOST_TERMS, joined, plain, stored, terms_of, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Sentiment of Short Texts", ["sentiment", "of", "short", "texts"]),
        ("Größe, naïve CAFÉ", ["grosse", "naive", "cafe"]),
        ("results.json input_text-v2", ["results", "json", "input", "text", "v2"]),
        ("ﬁle №5 １２", ["file", "5", "12"]),
        ("モデル 模型", ["モテル", "模型"]),
        ("", []),
        ("-- ; ' \" * ( ) : ^", []),
        ("x" * 100, ["x" * LONGEST_WORD]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert [found.word for found in words_of(text)] == words


@given(st.text(max_size=200))
def test_every_word_stands_where_it_is_said_to(text: str) -> None:
    for found in words_of(text):
        assert plain(text[found.start : found.end])[:LONGEST_WORD] == found.word
        assert found.word.isalnum()


@given(st.text(max_size=200))
def test_words_that_were_cut_stay_as_they_are(text: str) -> None:
    once = joined([text])

    assert joined([once]) == once


def test_questions_are_bounded() -> None:
    assert len(terms_of(" ".join(f"word{number}" for number in range(1000)))) == MOST_TERMS
    assert terms_of("a A b a") == ["a", "b"]


@given(st.text(max_size=20), st.text(max_size=20))
def test_beginnings_stay_beginnings(first: str, second: str) -> None:
    one, other = plain(first), plain(second)

    assert stored(one).isascii()
    assert stored(one + other).startswith(stored(one))


def test_what_is_stored_is_bounded() -> None:
    assert joined(["a b", "c d"], most=3) == "a b c"
