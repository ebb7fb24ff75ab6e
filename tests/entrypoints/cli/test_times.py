"""Times as people read and type them."""

import click
import pytest

from modelyard.entrypoints.cli.times import Time, is_past, readable


@pytest.mark.parametrize(
    ("wire", "shown"),
    [
        ("2026-11-25T15:15:01.999+00:00", "2026-11-25 15:15 UTC"),
        ("2026-11-25T15:15:01Z", "2026-11-25 15:15 UTC"),
        ("2026-11-25T15:15:01+01:00", "2026-11-25T15:15:01+01:00"),
        ("yesterday", "yesterday"),
    ],
)
def test_reading(wire: str, shown: str) -> None:
    assert readable(wire) == shown


@pytest.mark.parametrize("text", ["2027-01-31", "2027-01-31T12:00Z", "2027-01-31 12:00:01.5+01:00", "never"])
def test_typing(text: str) -> None:
    assert Time("never").convert(text, None, None) == text


@pytest.mark.parametrize("text", ["", "never", "yesterday", "31.12.2099", "2027-13-01", "2027-W01-1", "２０２７-01-01"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(click.BadParameter, match="write it like 2027-01-31 or"):
        Time().convert(text, None, None)


def test_what_is_over() -> None:
    assert is_past("2020-01-01")
    assert is_past("2020-01-01T00:00:00.000+00:00")
    assert not is_past("2999-01-01")
    assert not is_past("never")
