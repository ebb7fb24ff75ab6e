"""What is wrong with outputs, against what a version declares."""

import pytest

from modelyard.domain.models.contract import DeclaredOutput
from modelyard.domain.version_tests.output_findings import MOST_FINDINGS, find_problems
from modelyard.domain.version_tests.report import Problem

JSON = DeclaredOutput("results.json", "application/json", 20)
IMAGE = DeclaredOutput("mask.png", "image/png", 1000)
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        ({"results.json": b"{}", "mask.png": PNG}, []),
        ({"results.json": b"{}"}, [("mask.png", Problem.MISSING)]),
        ({}, [("results.json", Problem.MISSING), ("mask.png", Problem.MISSING)]),
        ({"results.json": b"{}", "mask.png": PNG, "log": b"x"}, [("log", Problem.UNDECLARED)]),
        ({"results.json": b'"' + b"a" * 30 + b'"', "mask.png": PNG}, [("results.json", Problem.TOO_LARGE)]),
        ({"results.json": b"{oops", "mask.png": PNG}, [("results.json", Problem.INVALID_JSON)]),
        ({"results.json": b"{}", "mask.png": b"\xff\xd8\xff"}, [("mask.png", Problem.OTHER_MEDIA_TYPE)]),
        (
            {"results.json": b"x" * 21, "mask.png": PNG},
            [("results.json", Problem.TOO_LARGE), ("results.json", Problem.INVALID_JSON)],
        ),
    ],
)
def test_findings(returned: dict[str, bytes], expected: list[tuple[str, Problem]]) -> None:
    found = find_problems(returned, [JSON, IMAGE])

    assert [(one.output, one.problem) for one in found] == expected
    assert all(repr(one.output) in one.explanation for one in found)


def test_they_are_bounded() -> None:
    assert len(find_problems({str(number): b"" for number in range(1000)}, [])) == MOST_FINDINGS
