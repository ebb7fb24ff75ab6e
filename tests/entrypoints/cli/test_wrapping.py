"""Messages are folded at spaces, in terminals only."""

import io

import pytest

from modelyard.entrypoints.cli.wrapping import wrapped


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "31")


def test_addresses_and_commands_stay_whole() -> None:
    command, address = "`modelyard keys replace prefix1`", "http://models.example.org/a-b-c/" + "d" * 40
    shown = wrapped(f"It is so; {command} helps, or {address} does.", _Terminal(), before="Error: ")

    assert shown.splitlines() == ["Error: It is so;", command, "helps, or", address, "does."]


def test_lines_stay_lines_and_are_indented() -> None:
    shown = wrapped("one two three\nfour", _Terminal(), before="a title that is long  ", indent="    ")

    assert shown.splitlines() == ["a title that is long  one two", "    three", "    four"]


def test_elsewhere_nothing_is_folded() -> None:
    assert wrapped("x " * 100, io.StringIO(), before="Error: ") == "Error: " + "x " * 100
