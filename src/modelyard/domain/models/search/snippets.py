"""Shows where in a text the words are that somebody asked for."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from modelyard.domain.models.search.words import FoundWord, plain, words_of

LENGTH = 200
"""Characters of a snippet, more or less: it begins and ends between words."""
_BEFORE = 60
_SEARCHED = 100_000
"""Characters of a text that are looked at."""
_CUT = 3
"""Texts of a model that are cut into words, which takes time."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a text. `marks` are where in the piece the words are, as pairs of start and end."""

    text: str
    marks: tuple[tuple[int, int], ...]
    is_cut_before: bool
    is_cut_after: bool


def cut_best_snippet(texts: Sequence[str], terms: Sequence[str]) -> Snippet | None:
    """The snippet of the text that has most of the terms, the earlier one of equals; None where none has any."""
    numbers = {text: number for text in texts if (number := _number_within(text[:_SEARCHED], terms))}
    best = sorted(numbers, key=lambda text: -numbers[text])[:_CUT]
    return next((snippet for text in best if (snippet := cut_snippet(text, terms))), None)


def cut_snippet(text: str, terms: Sequence[str]) -> Snippet | None:
    """The piece of a text with most of the terms in it; None where there is none of them."""
    text = text[:_SEARCHED]
    words = list(words_of(text))
    hits = [word for word in words if word.word.startswith(tuple(terms))]
    if not hits:
        return None
    first = _densest(hits, terms)
    start = _start_of(words, max(0, first.start - _BEFORE))
    end = _end_of(words, start + LENGTH, len(text))
    piece = " ".join(text[start:end].split())
    marks = tuple((hit.start, hit.end) for hit in words_of(piece) if hit.word.startswith(tuple(terms)))
    return Snippet(piece, marks, start > 0, end < len(text))


def _number_within(text: str, terms: Sequence[str]) -> int:
    """How many terms may be in a text; also counts those that are not the beginning of a word, to be quick."""
    folded = plain(text)
    return sum(term in folded for term in terms)


def _densest(hits: Sequence[FoundWord], terms: Sequence[str]) -> FoundWord:
    """The first word from which on a snippet shows most terms; in one pass, as a text can be nothing but hits."""
    kinds = [[term for term in terms if hit.word.startswith(term)] for hit in hits]
    best, most, end, shown = hits[0], 0, 0, Counter[str]()
    for hit, its in zip(hits, kinds, strict=True):
        while end < len(hits) and hits[end].start < hit.start + LENGTH - _BEFORE:
            shown.update(kinds[end])
            end += 1
        if (number := sum(count > 0 for count in shown.values())) > most:
            best, most = hit, number
        if most == len(terms):
            break
        shown.subtract(its)
    return best


def _start_of(words: Sequence[FoundWord], position: int) -> int:
    return next((word.start for word in words if word.start >= position), 0) if position else 0


def _end_of(words: Sequence[FoundWord], position: int, length: int) -> int:
    if position >= length:
        return length
    return max((word.end for word in words if word.end <= position), default=position)
