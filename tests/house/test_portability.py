"""Nothing in the repository belongs to one machine, and the scripts are sound."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT, relative, repository_files

FOREIGN = {
    "a path of one machine": re.compile(r"(?<![\w}.>*~-])/(?:root|work|home|Users)/"),
    "the address of a package index": re.compile(
        r"\bpypi\.org|pythonhosted\.|registry\.npmjs|deb\.debian\.|snapshot\.debian\.|proxy\.golang"
        r"|--(?:extra-)?index[-]url|--find[-]links"
    ),
}
SCRIPTS = [path for path in repository_files() if path.parent.name in {"scripts", ".ci"} and path.suffix != ".py"]


@pytest.mark.parametrize("what", FOREIGN)
def test_no_file_names(what: str) -> None:
    found = [
        f"{relative(path)}:{number}: {line.strip()[:80]}"
        for path in repository_files()
        for number, line in enumerate(_lines(path), start=1)
        if FOREIGN[what].search(line)
    ]

    assert found == []


@pytest.mark.parametrize("script", SCRIPTS, ids=relative)
def test_shell_scripts_parse(script: Path) -> None:
    run = subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr
    assert script.suffix == ".sh" or os.access(script, os.X_OK), "not executable"


def test_imports_follow_the_rings() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    run = subprocess.run([linter, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout + run.stderr


def _lines(path: Path) -> list[str]:
    content = path.read_bytes()
    return [] if b"\0" in content else content.decode("utf-8", "replace").splitlines()
