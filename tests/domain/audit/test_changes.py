"""What the audit trail keeps of changes."""

from dataclasses import dataclass
from datetime import UTC, datetime

from modelyard.domain.audit.changes import LONGEST_LIST, LONGEST_TEXT, before_and_after, differences, shortened


@dataclass
class Row:
    name: str
    size: int | None


def test_only_what_differs_is_told() -> None:
    before, after = {"name": "old", "size": 1, "kind": "a"}, {"name": "new", "size": 1, "labels": ["x"]}
    assert differences(before, after) == {
        "before": {"name": "old", "labels": None},
        "after": {"name": "new", "labels": ["x"]},
    }
    assert differences(before, before) == {}


def test_only_columns_that_would_change_are_read() -> None:
    assert before_and_after(Row("old", 1), {"name": "new", "size": 1}) == ({"name": "old"}, {"name": "new"})
    assert before_and_after(Row("old", 1), {"size": None}) == ({"size": 1}, {"size": None})


def test_long_values_are_shortened_and_times_are_texts() -> None:
    text, names = "x" * LONGEST_TEXT, ["y" * (LONGEST_LIST - 4)]
    assert [shortened(text), shortened(names), shortened(None)] == [text, names, None]
    assert shortened(text + "x") == {"beginning": text, "length": LONGEST_TEXT + 1}
    assert shortened([*names, 1])["length"] == LONGEST_LIST + 3
    assert shortened(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00+00:00"
