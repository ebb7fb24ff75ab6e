"""Reads what models say of their answers, in the forms of the API. All of it may be wrong or hostile."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

MOST_PREDICTIONS = 20
MOST_WORDS = 500
MOST_RUNS = 20_000
"""Of all masks of a picture, and what is drawn of them."""
LARGEST_SIDE = 20_000
"""Pixels."""
_LEVELS = 4


@dataclass(frozen=True, slots=True)
class Prediction:
    """A class and its score; `share` is the score from 0 to 1 where it lies there."""

    name: str
    score: float
    share: float | None


@dataclass(frozen=True, slots=True)
class Word:
    """What a word adds to the answer; where it stands in the text, if the model says so."""

    text: str
    weight: float
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text. Level 1 to 4 says how much a word weighs beside the others; 0 is no word that counts."""

    text: str
    weight: float = 0.0
    level: int = 0

    @property
    def look(self) -> str:
        """The classes of the mark: the direction, and how much."""
        return f"{'for' if self.weight > 0 else 'against'} level-{self.level}"


@dataclass(frozen=True, slots=True)
class Mask:
    """Pixels of a picture that count, as the path of a drawing that has the size of the picture."""

    width: int
    height: int
    path: str
    share: float
    """Of all pixels."""


def part_of(document: Any, name: str) -> Any:
    """`result`, `explanation` or `drift` of an output; None where there is none."""
    data = document.get("data") if isinstance(document, dict) else None
    return data.get(name) if isinstance(data, dict) else None


def predictions_of(document: Any) -> list[Prediction]:
    """The classes of an answer, the highest score first."""
    result = part_of(document, "result")
    entries = result.get("classPredictions") if isinstance(result, dict) else None
    found = [_prediction(entry) for entry in entries] if isinstance(entries, list) else []
    known = (prediction for prediction in found if prediction is not None)
    return sorted(known, key=lambda prediction: -prediction.score)[:MOST_PREDICTIONS]


def _prediction(entry: Any) -> Prediction | None:
    score = _number(entry.get("score")) if isinstance(entry, dict) else None
    if score is None:
        return None
    return Prediction(str(entry.get("class"))[:200], score, score if 0 <= score <= 1 else None)


def words_of(document: Any) -> list[Word]:
    """What single words add: `wordContributions`, or `wordImportances` of the best class."""
    explanation = part_of(document, "explanation")
    if not isinstance(explanation, dict):
        return []
    entries = explanation.get("wordContributions")
    if entries is None:
        entries = _of_best_class(document, explanation.get("wordImportances"))
    words = (_word(entry) for entry in entries[:MOST_WORDS]) if isinstance(entries, list) else ()
    return [word for word in words if word is not None]


def _of_best_class(document: Any, by_class: Any) -> Any:
    if not isinstance(by_class, dict) or not by_class:
        return None
    best = next((each.name for each in predictions_of(document) if each.name in by_class), next(iter(by_class)))
    return by_class[best]


def _word(entry: Any) -> Word | None:
    if isinstance(entry, list) and len(entry) == 2:
        entry = {"word": entry[0], "contribution": entry[1]}
    if not isinstance(entry, dict) or not isinstance(entry.get("word"), str):
        return None
    weight = _number(entry.get("contribution"))
    start, end = entry.get("start"), entry.get("end")
    has_place = type(start) is int and type(end) is int and 0 <= start < end
    return None if weight is None else Word(entry["word"][:200], weight, *((start, end) if has_place else ()))


def mark_words(text: str, words: list[Word]) -> list[Piece]:
    """The text in pieces. A word without a place is looked for behind the one before it; what is not there is left."""
    most = max((abs(word.weight) for word in words), default=0.0)
    pieces, at = [], 0
    for start, end, word in sorted(_places(text, words), key=lambda place: place[:2]):
        if start < at or not word.weight:
            continue
        if start > at:
            pieces.append(Piece(text[at:start]))
        pieces.append(Piece(text[start:end], word.weight, max(1, math.ceil(abs(word.weight) / most * _LEVELS))))
        at = end
    return [*pieces, Piece(text[at:])] if at < len(text) else pieces


def _places(text: str, words: list[Word]) -> Iterator[tuple[int, int, Word]]:
    behind = 0
    for word in words:
        start, end = word.start, word.end
        if start is None or end is None:
            start = text.find(word.text, behind) if word.text else -1
            start = text.find(word.text) if start < 0 and word.text else start
            end = behind = start + len(word.text)
        if 0 <= start < end <= len(text):
            yield start, end, word


def mask_of(document: Any) -> Mask | None:
    """The mask of an explanation: columns from left to right, each from its top; runs of out, in, out, and so on."""
    explanation: Any = part_of(document, "explanation")
    size: Any = explanation.get("dimensions") if isinstance(explanation, dict) else None
    width, height = _side(size, "width"), _side(size, "height")
    if width is None or height is None:
        return None
    runs = _runs(explanation.get("maskRLE"))
    if runs is None or any(sum(one) > width * height for one in runs):
        return None
    columns = list(islice((column for one in runs for column in _columns(one, height)), MOST_RUNS + 1))
    if len(columns) > MOST_RUNS:
        return None
    return Mask(width, height, "".join(f"M{x} {y}h1v{n}h-1z" for x, y, n in columns), _share(columns, width * height))


def _side(size: Any, name: str) -> int | None:
    value = size.get(name) if isinstance(size, dict) else None
    return value if type(value) is int and 1 <= value <= LARGEST_SIDE else None


def _share(columns: list[tuple[int, int, int]], pixels: int) -> float:
    return min(1.0, sum(length for _, _, length in columns) / pixels)


def _runs(value: Any) -> list[list[int]] | None:
    """Masks as lists of runs; one mask may come without a list around it. None for what is too much, or no mask."""
    masks = value if isinstance(value, list) and value and all(isinstance(each, list) for each in value) else [value]
    if not all(isinstance(each, list) for each in masks) or sum(map(len, masks)) > MOST_RUNS:
        return None
    is_good = all(type(run) is int and 0 <= run <= LARGEST_SIDE**2 for each in masks for run in each)
    return masks if is_good else None


def _columns(runs: list[int], height: int) -> Iterator[tuple[int, int, int]]:
    """Where a mask is in: x, y and how many pixels down, cut at the end of each column."""
    at = 0
    for position, run in enumerate(runs):
        if position % 2:
            yield from _cut(at, run, height)
        at += run


def _cut(at: int, run: int, height: int) -> Iterator[tuple[int, int, int]]:
    while run:
        x, y = divmod(at, height)
        length = min(run, height - y)
        yield x, y, length
        at, run = at + length, run - length


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number:
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
