"""Times, sizes and counts as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from modelyard.entrypoints.web.wording import (
    ago,
    browser,
    count,
    duration,
    exact,
    handle,
    initials,
    minute,
    moment,
    rate,
    roughly,
    size,
    things,
)

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "just now"),
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


@pytest.mark.parametrize(("number", "text"), [(0, "0 jobs"), (1, "1 job"), (1_200, "1,200 jobs")])
def test_things(number: int, text: str) -> None:
    assert things(number, "job") == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1 kB"), (1_449, "1.4 kB"), (123_456, "123 kB"), (5 * 10**15, "5000 TB")],
)
def test_size(number: int, text: str) -> None:
    assert size(number) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "0 ms"), (999, "999 ms"), (2_149, "2.1 s"), (239_900, "4 min"), (3_660_000_000, "1,016 h 40 min")],
)
def test_duration(milliseconds: int, text: str) -> None:
    assert duration(milliseconds) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "1 s"), (89_000, "89 s"), (103_000, "2 min"), (6_516_000, "2 h"), (180_000_000, "2 d")],
)
def test_roughly(milliseconds: int, text: str) -> None:
    assert roughly(milliseconds) == text


@pytest.mark.parametrize(("number", "text"), [(1396.68, "1,397"), (10, "10"), (2.54, "2.5")])
def test_rate(number: float, text: str) -> None:
    assert rate(number) == text


def test_moment() -> None:
    assert moment(int(NOW.timestamp())) == "2026-03-04 05:06"


def test_count() -> None:
    assert count(1234567) == "1,234,567"


@pytest.mark.parametrize(("name", "text"), [("Ada King Lovelace", "AL"), ("ada", "A"), ("", "?")])
def test_initials(name: str, text: str) -> None:
    assert initials(name) == text


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/1 Safari/5 Edg/120", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0 Safari/537.36", "Chrome on Android"),
        ("modelyard/0.1.0 (cli)", "modelyard/0.1.0"),
        ("", "unknown"),
    ],
)
def test_browsers(user_agent: str, words: str) -> None:
    assert browser(user_agent) == words


def test_what_a_field_for_times_holds() -> None:
    assert minute(NOW) == "2026-03-04T05:06"
    assert minute(None) == ""


def test_handles_are_words_that_differ() -> None:
    made = {handle(text) for text in ("", "/a b#c", "/a b#d", "é")}
    assert len(made) == 4
    assert all(word.isalnum() and word[0] == "h" for word in made)
