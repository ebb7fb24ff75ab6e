"""Programs in processes of their own."""

import sys
from pathlib import Path

import pytest

from benchmarks.asked_program import AskedProgram, ProgramFailed, own_peak_mib

PROGRAM = "tests.benchmarks.lengths"


def test_cases_are_asked_for_by_name() -> None:
    with AskedProgram(Path(sys.executable), PROGRAM) as program:
        seconds, found = program.ask("length", "four")
        peak = program.peak_mib()

    assert found == 4
    assert seconds >= 0
    assert 1 < peak < 1000
    assert own_peak_mib() > 1


def test_a_program_that_ends_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    with AskedProgram(Path(sys.executable), PROGRAM) as program, pytest.raises(ProgramFailed, match=PROGRAM):
        program.ask("no such case", "")

    assert "KeyError" in capfd.readouterr().err
