"""Shows where in a text the words are that somebody asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

from modelyard.domain.models.search.words import FoundWord, words_of

LENGTH = 200
"""Characters of a snippet, more or less: it begins and ends between words."""
_BEFORE = 60
_SEARCHED = 100_000
"""Characters of a text that are looked at."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a text. `marks` are where in the piece the words are, as pairs of start and end."""

    text: str
    marks: tuple[tuple[int, int], ...]
    is_cut_before: bool
    is_cut_after: bool


def cut_snippet(text: str, terms: Sequence[str]) -> Snippet | None:
    """The piece of a text with most of the terms in it; None where there is none of them."""
    text = text[:_SEARCHED]
    hits = [word for word in words_of(text) if word.word.startswith(tuple(terms))]
    if not hits:
        return None
    first = max(hits, key=lambda hit: (_kinds_within(hits, hit, terms), -hit.start))
    words = list(words_of(text))
    start = _start_of(words, max(0, first.start - _BEFORE))
    end = _end_of(words, start + LENGTH, len(text))
    piece = " ".join(text[start:end].split())
    marks = tuple((hit.start, hit.end) for hit in words_of(piece) if hit.word.startswith(tuple(terms)))
    return Snippet(piece, marks, start > 0, end < len(text))


def _kinds_within(hits: Sequence[FoundWord], first: FoundWord, terms: Sequence[str]) -> int:
    """How many different terms a snippet that begins here would show."""
    near = [hit.word for hit in hits if first.start <= hit.start < first.start + LENGTH - _BEFORE]
    return sum(any(word.startswith(term) for word in near) for term in terms)


def _start_of(words: Sequence[FoundWord], position: int) -> int:
    return next((word.start for word in words if word.start >= position), 0) if position else 0


def _end_of(words: Sequence[FoundWord], position: int, length: int) -> int:
    if position >= length:
        return length
    return max((word.end for word in words if word.end <= position), default=position)
