"""Reading long forms: rows of fields, sizes, seconds."""

import pytest

from modelyard.entrypoints.web.typed_values import Reading, rows_of, seconds_text, size_text

MEMBERS = ("name", "description", "highlight")


def test_rows_are_in_order_and_whole() -> None:
    form = {
        "inputs[10].name": ["last"],
        "inputs[2].name": ["first"],
        "inputs[2].description": ["words", "more words"],
        "inputs[2].other": ["unknown"],
        "outputs[0].name": ["elsewhere"],
        "inputs[x].name": ["no number"],
    }

    rows = rows_of(form, "inputs", MEMBERS, ("name",))

    assert rows == [
        {"name": "first", "description": "words", "highlight": ""},
        {"name": "last", "description": "", "highlight": ""},
    ]


def test_rows_without_anything_needed_are_left_out() -> None:
    form = {"inputs[0].name": ["  "], "inputs[0].highlight": ["yes"], "inputs[1].name": ["a"]}

    assert [row["name"] for row in rows_of(form, "inputs", MEMBERS, ("name", "description"))] == ["a"]


@pytest.mark.parametrize(
    ("text", "size"), [("1500", 1500), ("10 MB", 10_000_000), ("1.5G", 1_500_000_000), (" 200 kB ", 200_000), ("0", 0)]
)
def test_sizes(text: str, size: int) -> None:
    reading = Reading()

    assert reading.size("maximumSize", text) == size
    assert reading.unread == []


@pytest.mark.parametrize("text", ["", "much", "-1", "1 TB", "1e9", "9" * 16, "１０"])
def test_what_is_no_size_is_noted_with_its_place(text: str) -> None:
    reading = Reading()
    reading.size("inputs[0].maximumSize", text)

    [problem] = reading.unread
    assert problem.startswith("inputs[0].maximumSize: a size such as")


@pytest.mark.parametrize("size", [1, 1500, 1000, 200_000, 10_000_000, 1_500_000_000])
def test_a_size_is_read_as_it_was_written(size: int) -> None:
    assert Reading().size("", size_text(size)) == size


@pytest.mark.parametrize(("milliseconds", "text"), [(None, ""), (60_000, "60"), (500, "0.5"), (1001, "1.001")])
def test_seconds(milliseconds: int | None, text: str) -> None:
    assert seconds_text(milliseconds) == text
    if milliseconds is not None:
        assert Reading().milliseconds("", text) == milliseconds


@pytest.mark.parametrize("text", ["soon", "NaN", "-1", "1e400", "Infinity"])
def test_what_is_no_time_is_noted(text: str) -> None:
    reading = Reading()
    reading.milliseconds("timeout.run", text)

    assert len(reading.unread) == 1


def test_numbers() -> None:
    reading = Reading()

    assert (reading.whole("a", " -5 "), reading.number("b", "0,93"), reading.number("c", "1e3")) == (-5, 0.93, 1000.0)
    assert reading.unread == []
    reading.whole("a", "5.5")
    reading.number("b", "nan")
    assert reading.unread == [
        "a: a whole number, not '5.5'",
        "b: a number such as 0.93, not 'nan'",
    ]
