"""Cuts texts into the words that are searched for: the same for what is stored and for what is asked, everywhere.

Databases cut texts each in a way of its own. They only ever see words that were cut here, so both find the same.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST_WORD = 40
"""Longer ones are cut, so that a pasted digest is found by its beginning."""
MOST_TERMS = 12
"""Of one question; the rest of it is not looked for."""
MOST_WORDS = 20_000
"""Of one model; what comes after them is not found."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class FoundWord:
    """A word as it is compared, and where it stands in the text."""

    word: str
    start: int
    end: int


def words_of(text: str) -> Iterator[FoundWord]:
    """All words of a text, without accents and upper case."""
    for match in _WORD.finditer(text):
        for part in _parts(match[0]):
            if word := plain(part[2]):
                yield FoundWord(word[:LONGEST_WORD], match.start() + part[0], match.start() + part[1])


def plain(word: str) -> str:
    """As words are compared: `Überraschung` is `uberraschung`, `ﬁle` is `file`."""
    if word.isascii():
        return word.lower()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", word).casefold())
    return "".join(one for one in folded if one.isalnum())


def stored(word: str) -> str:
    """A plain word as databases get it: in ASCII, since they disagree about what else is a letter.

    Beginnings stay beginnings, as every other character takes six.
    """
    return word if word.isascii() else "".join(one if one.isascii() else f"u{ord(one):05x}" for one in word)


def joined(texts: Iterable[str], most: int = MOST_WORDS) -> str:
    """The words of texts with one space between, for a database to store."""
    words: list[str] = []
    for text in texts:
        for found in words_of(text):
            words.append(stored(found.word))
            if len(words) == most:
                return " ".join(words)
    return " ".join(words)


def terms_of(question: str) -> list[str]:
    """The words that somebody asks for, each once; the last one may be the beginning of a word, as may all others."""
    return list(dict.fromkeys(found.word for found in words_of(question[:1000])))[:MOST_TERMS]


def _parts(word: str) -> Iterator[tuple[int, int, str]]:
    """Words with underscores in them, such as names of files and fields, are several."""
    for match in re.finditer(r"[^_]+", word):
        yield match.start(), match.end(), match[0]
