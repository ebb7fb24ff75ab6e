"""Times, sizes and counts as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from modelyard.entrypoints.web.wording import ago, count, exact, initials, size

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "now"),
        (1, "1 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (3 * 3600, "3 h ago"),
        (86_400, "1 d ago"),
        (61 * 86_400, "2 months ago"),
        (800 * 86_400, "2 years ago"),
        (-90, "in 1 min"),
    ],
)
def test_ago(seconds: int, text: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == text


def test_exact() -> None:
    assert exact(NOW) == "2026-03-04 05:06:07 UTC"


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (123_456, "123 kB"), (5 * 10**15, "5000 TB")]
)
def test_size(number: int, text: str) -> None:
    assert size(number) == text


def test_count() -> None:
    assert count(1234567) == "1,234,567"


@pytest.mark.parametrize(("name", "text"), [("Ada King Lovelace", "AL"), ("ada", "A"), ("", "?")])
def test_initials(name: str, text: str) -> None:
    assert initials(name) == text
