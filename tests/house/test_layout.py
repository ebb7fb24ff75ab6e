"""Files are where their name says, open with what they are for, and stay small."""

import ast
import warnings
from pathlib import Path

import pytest

from tests.house.tree import ROOT, SOURCE, python_files, relative

GENERIC = {"utils", "util", "helpers", "helper", "common", "misc", "service", "services", "manager", "managers"}
BESIDE_THE_MIRROR = {"seams", "journeys", "house", "browser"}
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50


def test_every_module_says_what_it_is_for() -> None:
    silent = [relative(path) for path in python_files() if path.stat().st_size and not _opening_line(path)]

    assert silent == [], "these files do not open with a docstring line"


def test_no_file_has_a_name_that_says_nothing() -> None:
    vague = [
        relative(path) for path in python_files() if GENERIC & {path.stem, *path.stem.split("_"), path.parent.name}
    ]

    assert vague == []


def test_tests_mirror_the_source() -> None:
    lost = [relative(path) for path in python_files() if path.name.startswith("test_") and not _has_a_room(path)]

    assert lost == [], "these tests stand in a folder that src/modelyard does not have"


@pytest.mark.filterwarnings("default")
def test_files_and_functions_stay_small() -> None:
    """Only warns: size is a hint, not a rule."""
    for path in python_files():
        text = path.read_text(encoding="utf-8")
        if (lines := text.count("\n")) > MAX_FILE_LINES:
            warnings.warn(f"{relative(path)} has {lines} lines: split it along a noun", stacklevel=1)
        for function, length in _functions(text):
            if length > MAX_FUNCTION_LINES:
                warnings.warn(f"{relative(path)}: {function} has {length} lines", stacklevel=1)


def _opening_line(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0].strip()


def _has_a_room(test: Path) -> bool:
    room = test.parent.relative_to(ROOT)
    if room.parts[0] != "tests":
        return False
    inside = Path(*room.parts[1:])
    return bool(BESIDE_THE_MIRROR & set(inside.parts[:1])) or (SOURCE / inside).is_dir() or (ROOT / inside).is_dir()


def _functions(text: str) -> list[tuple[str, int]]:
    return [
        (node.name, (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
