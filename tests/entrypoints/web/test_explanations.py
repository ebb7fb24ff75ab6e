"""What is read out of the answers of models, whatever these are."""

from typing import Any

import pytest

from modelyard.entrypoints.web.explanations import (
    MOST_RUNS,
    Piece,
    Word,
    mark_words,
    mask_of,
    predictions_of,
    words_of,
)

TEXT = "A good day, not a bad one: a good one."


def _explained(**explanation: Any) -> dict[str, Any]:
    return {"data": {"result": {"classPredictions": [{"class": "b", "score": 1}]}, "explanation": explanation}}


def test_the_best_class_comes_first() -> None:
    entries = [{"class": "low", "score": 0.1}, {"class": "high", "score": 0.9}, {"class": 7, "score": 12}]

    found = predictions_of({"data": {"result": {"classPredictions": entries}}})

    assert [(each.name, each.score, each.share) for each in found] == [
        ("7", 12, None),
        ("high", 0.9, 0.9),
        ("low", 0.1, 0.1),
    ]


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "text",
        {"data": 1},
        {"data": {"result": [1], "explanation": [1]}},
        {"data": {"result": {"classPredictions": {"a": 1}}, "explanation": {"wordContributions": "x"}}},
        {"data": {"result": {"classPredictions": [1, None, {}, {"class": "a", "score": "1"}, {"score": True}]}}},
        {"data": {"result": {"classPredictions": [{"class": "a", "score": 10**400}]}}},
        _explained(wordContributions=[1, {}, {"word": 1, "contribution": 2}, {"word": "a", "contribution": None}]),
        _explained(wordImportances=[]),
        _explained(dimensions={"width": 1, "height": 1}, maskRLE=None),
    ],
)
def test_what_is_of_another_form_is_left_out(document: Any) -> None:
    assert (words_of(document), mask_of(document)) == ([], None)
    assert [each.name for each in predictions_of(document)] in ([], ["b"])


def test_words_with_their_places() -> None:
    entry = {"word": "good", "start": 2, "end": 6, "contribution": 0.5}

    assert words_of(_explained(wordContributions=[entry])) == [Word("good", 0.5, 2, 6)]
    assert words_of(_explained(wordContributions=[{**entry, "start": 9, "end": 3}])) == [Word("good", 0.5)]


def test_words_of_the_best_class() -> None:
    by_class = {"a": [["no", 1.0]], "b": [["good", 0.25], ["odd"], "odd"]}

    assert words_of(_explained(wordImportances=by_class)) == [Word("good", 0.25)]
    assert words_of(_explained(wordImportances={"other": [["good", 1]]})) == [Word("good", 1.0)]


def test_words_are_marked_where_they_stand() -> None:
    pieces = mark_words(TEXT, [Word("bad", -0.2, 18, 21), Word("good", 0.8, 2, 6)])

    assert pieces == [
        Piece("A "),
        Piece("good", 0.8, 4),
        Piece(" day, not a "),
        Piece("bad", -0.2, 1),
        Piece(TEXT[21:]),
    ]
    assert [piece.look for piece in pieces if piece.level] == ["for level-4", "against level-1"]


def test_words_without_places_are_looked_for_one_behind_the_other() -> None:
    pieces = mark_words(TEXT, [Word("good", 1), Word("good", 0.5), Word("nowhere", 1), Word("A", 0.1)])

    assert [(piece.text, piece.level) for piece in pieces if piece.level] == [("A", 1), ("good", 4), ("good", 2)]
    assert "".join(piece.text for piece in pieces) == TEXT


def test_places_beyond_the_text_or_on_one_another_are_left_out() -> None:
    words = [Word("x", 1, 0, 3), Word("y", 1, 2, 5), Word("z", 1, 30, 400), Word("nothing", 0, 5, 6)]

    pieces = mark_words(TEXT, words)

    assert [(piece.text, piece.level) for piece in pieces] == [("A g", 4), (TEXT[3:], 0)]
    assert mark_words("", words) == []


def test_a_mask_goes_down_its_columns() -> None:
    mask = mask_of(_explained(dimensions={"width": 3, "height": 4}, maskRLE=[[2, 4, 5, 1]]))

    assert mask is not None
    assert mask.path == "M0 2h1v2h-1zM1 0h1v2h-1zM2 3h1v1h-1z"
    assert mask.share == 5 / 12


def test_a_mask_without_a_list_around_it() -> None:
    mask = mask_of(_explained(dimensions={"width": 1, "height": 4}, maskRLE=[0, 1]))

    assert mask is not None
    assert mask.path == "M0 0h1v1h-1z"


@pytest.mark.parametrize(
    ("width", "height", "runs"),
    [
        (2, 2, [[0, 5]]),
        (2, 2, [[-1, 1]]),
        (2, 2, [[0.5]]),
        (2, 2, [[True]]),
        (2, 2, "1 2"),
        (0, 2, [[1]]),
        (2, 10**9, [[1]]),
        (True, 2, [[1]]),
        (20_000, 1, [[0, 20_000]] * 2),
        (20_000, 20_000, [[0, 1] * MOST_RUNS]),
    ],
)
def test_what_is_no_mask_or_too_much_of_one(width: Any, height: Any, runs: Any) -> None:
    assert mask_of(_explained(dimensions={"width": width, "height": height}, maskRLE=runs)) is None
