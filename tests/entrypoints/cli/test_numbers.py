"""Numbers that somebody types."""

import click
import pytest

from modelyard.entrypoints.cli.numbers import Seconds, WholeNumber


def test_numbers_within_bounds() -> None:
    assert WholeNumber(1).convert("7", None, None) == 7
    assert Seconds().convert("0.5", None, None) == 0.5


@pytest.mark.parametrize("text", ["0", "-1", "11", "ten", "1.5", ""])
def test_no_whole_number(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no whole number from 1 to 10"):
        WholeNumber(1, 10).convert(text, None, None)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "86401", "soon"])
def test_no_seconds(text: str) -> None:
    with pytest.raises(click.BadParameter, match="no number of seconds above 0"):
        Seconds().convert(text, None, None)
