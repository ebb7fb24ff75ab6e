"""Two model cards side by side: member by member, and in texts which words changed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

MOST_PIECES = 500
"""Words, else lines, of one text that are compared with one another; comparing takes the square of that."""


class Kind(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that stand in both texts, in the left one alone or in the right one alone."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One member of both cards; `words` for texts that differ. The pieces in their order are the texts."""

    name: str
    left: Any
    right: Any
    words: tuple[Piece, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether both cards say the same."""
        return bool(self.left == self.right)


def compare_cards(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[FieldDifference]:
    """Every member of the two, in the order of the left one."""
    return [_compare(name, left.get(name), right.get(name)) for name in {**left, **right}]


def _compare(name: str, left: Any, right: Any) -> FieldDifference:
    if isinstance(left, str) and isinstance(right, str) and left != right:
        return FieldDifference(name, left, right, tuple(changed_words(left, right)))
    return FieldDifference(name, left, right)


def changed_words(left: str, right: str) -> list[Piece]:
    """What was removed from a text and added to it; of long texts lines instead of words, or everything."""
    for split in (_split_words, _split_lines):
        before, after = split(left), split(right)
        start = _common(before, after)
        end = _common(before[start:][::-1], after[start:][::-1])
        inner = before[start : len(before) - end], after[start : len(after) - end]
        if max(map(len, inner)) <= MOST_PIECES:
            same_start, same_end = before[:start], before[len(before) - end :] if end else []
            pieces = [(Kind.SAME, same_start), *_changes(*inner), (Kind.SAME, same_end)]
            return _joined(pieces)
    return _joined([(Kind.REMOVED, [left]), (Kind.ADDED, [right])])


def _changes(before: list[str], after: list[str]) -> Iterator[tuple[Kind, list[str]]]:
    for tag, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Kind.SAME, before[start:end]
        else:
            yield Kind.REMOVED, before[start:end]
            yield Kind.ADDED, after[new_start:new_end]


def _joined(pieces: Sequence[tuple[Kind, list[str]]]) -> list[Piece]:
    joined: list[Piece] = []
    for kind, parts in pieces:
        text = "".join(parts)
        if text and joined and joined[-1].kind == kind:
            joined[-1] = Piece(kind, joined[-1].text + text)
        elif text:
            joined.append(Piece(kind, text))
    return joined


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """How many pieces both begin with."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _split_words(text: str) -> list[str]:
    return re.findall(r"\s+|\S+", text)


def _split_lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
