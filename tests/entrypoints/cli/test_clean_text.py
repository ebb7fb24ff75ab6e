"""Nothing that a terminal would obey comes out of what a server sent."""

import io
import json

import pytest

from modelyard.entrypoints.cli.clean_text import clean, clean_json, clean_lines, width, writable

HARMFUL = ["\x1b[2J", "\x00", "\x7f", "\x9b31m", "\u202e", "\u2066", "\u2028", "\ud800", "\r", "\n", "\t", "\U000e0041"]


@pytest.mark.parametrize("text", HARMFUL)
def test_a_harmful_character_becomes_visible(text: str) -> None:
    cleaned = clean(f"a{text}b")

    assert cleaned.isprintable()
    assert cleaned.startswith("a\\")


@pytest.mark.parametrize("text", ["plain", "Zoë", "名前", "नमस्ते", "👩‍🔬", "میخواهم"])
def test_words_stay_as_they_are(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize("text", HARMFUL)
def test_json_keeps_the_value_and_harms_nobody(text: str) -> None:
    shown = clean_json({"name": f"a{text}b", "Zoë": 1})

    assert json.loads(shown) == {"name": f"a{text}b", "Zoë": 1}
    assert all(line.isprintable() for line in shown.split("\n"))
    assert "Zoë" in shown


def test_lines_stay_and_have_an_end() -> None:
    assert clean_lines("one\r\ntwo\x1b[1m") == "one\ntwo\\x1b[1m"
    assert len(clean_lines("x" * 100_000)) < 5000


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("名前", 4), ("Zoë", 3), ("Zoe\u0308", 3), ("", 0)])
def test_width(text: str, columns: int) -> None:
    assert width(text) == columns


def test_what_an_encoding_lacks_is_escaped() -> None:
    latin = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")

    assert writable("Zoë 名", latin) == "Zoë \\u540d"
