"""Pieces of texts with the words that were asked for."""

from hypothesis import given
from hypothesis import strategies as st

from modelyard.domain.models.search.snippets import LENGTH, cut_best_snippet, cut_snippet
from modelyard.domain.models.search.words import terms_of

LONG = "Nothing to see. " * 30 + "The model finds faces of cats in pictures. " + "More of it. " * 30


def test_the_words_are_marked() -> None:
    snippet = cut_snippet("Says how Positive a text is.", ["posit", "text"])

    assert snippet
    assert [snippet.text[start:end] for start, end in snippet.marks] == ["Positive", "text"]
    assert (snippet.is_cut_before, snippet.is_cut_after) == (False, False)


def test_a_long_text_is_cut_around_most_of_them() -> None:
    snippet = cut_snippet("cats once. " + LONG, ["cats", "faces", "pictures"])

    assert snippet
    assert "finds faces of cats in pictures" in snippet.text
    assert len(snippet.text) <= LENGTH
    assert (snippet.is_cut_before, snippet.is_cut_after) == (True, True)


def test_no_word_is_there() -> None:
    assert cut_snippet("Says it again.", ["cat"]) is None
    assert cut_snippet("", ["cat"]) is None


@given(st.text(max_size=400), st.text(min_size=1, max_size=10))
def test_whatever_is_asked(text: str, question: str) -> None:
    terms = terms_of(question)
    snippet = cut_snippet(text, terms) if terms else None
    if snippet:
        assert snippet.marks
        assert all(0 <= start < end <= len(snippet.text) for start, end in snippet.marks)
        assert len(snippet.text) <= LENGTH + 40


def test_the_first_of_the_best_pieces_is_taken() -> None:
    snippet = cut_snippet("cats. " + LONG + "faces and cats. " + LONG, ["cats", "faces", "dogs"])

    assert snippet
    assert "finds faces of cats" in snippet.text


def test_a_long_text_of_nothing_but_hits() -> None:
    snippet = cut_snippet("a " * 50_000, ["a", "b", "c"])  # with each compared with all, this takes an hour

    assert snippet
    assert snippet.is_cut_after


def test_the_text_with_most_of_the_words_is_shown() -> None:
    texts = ["Finds cats.", "Pictures of cätS", "Cats in pictures", "Education, scattered"]

    assert (best := cut_best_snippet(texts, ["cats", "pictures"]))
    assert best.text == "Pictures of cätS"
    assert (first := cut_best_snippet(texts, ["cats"]))
    assert first.text == "Finds cats."
    assert cut_best_snippet(texts, ["cation"]) is None
    assert cut_best_snippet(texts, []) is None
