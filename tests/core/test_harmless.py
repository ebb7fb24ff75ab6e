"""Texts of strangers, made harmless."""

import pytest

from modelyard.core.harmless import harmless_cell, is_unseen, one_line


def test_what_nobody_sees() -> None:
    assert all(map(is_unseen, "\x00\x1b\n\x7f\x9b\u200b\u202e\u2028\ufeff\ue000\ud800"))
    assert not any(map(is_unseen, "a é ü 漢 🙂 \u200c\u200d"))


def test_one_line_is_left_of_many() -> None:
    assert one_line(" two \r\n lines\x00\u202e ") == "two lines"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_cells_are_no_formulas(start: str) -> None:
    assert harmless_cell(f"{start}1+1") == f"'{start}1+1"
    assert harmless_cell(f"1{start}1") == f"1{start}1"
    assert harmless_cell("") == ""
