"""What a model answered, in few words."""

from typing import Any

import pytest

from modelyard.entrypoints.answer_words import LONGEST_ANSWER, answer_in_words


def _classes(*predictions: Any) -> Any:
    return {"data": {"result": {"classPredictions": list(predictions)}}}


@pytest.mark.parametrize(
    ("output", "answer"),
    [
        (_classes({"class": "positive", "score": 0.97412}, {"class": "other", "score": 0.02588}), "positive (0.974)"),
        (_classes({"class": "negative", "score": 0.1}, {"class": "positive", "score": 0.9}), "positive (0.900)"),
        (_classes({"class": "seven", "score": 1}, {"score": 2}, "odd"), "None (2)"),
        (_classes({"class": "seven", "score": "high"}), "seven (high)"),
        (_classes(), '{"classPredictions": []}'),
        ({"data": {"result": "A text."}}, "A text."),
        ({"data": {"result": {"sum": 3}}}, '{"sum": 3}'),
        ([1, 2], "[1, 2]"),
        (None, "null"),
    ],
)
def test_the_answer(output: Any, answer: str) -> None:
    assert answer_in_words(output) == answer


def test_what_is_long_is_cut() -> None:
    assert len(answer_in_words("x" * 1000)) == LONGEST_ANSWER
    assert answer_in_words(["x" * 1000]).endswith(" …")
