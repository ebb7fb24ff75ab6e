"""Documents are short, their links lead somewhere, and they agree with the code."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT, SOURCE, python_files, relative, repository_files

TERMS = {
    *("model", "version", "engine", "runtime", "container protocol", "contract"),
    *("job", "item", "inference", "work", "task", "actor"),
}
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


@pytest.mark.parametrize(("name", "most"), [("README.md", 120), ("ARCHITECTURE.md", 150)])
def test_the_main_documents_are_short(name: str, most: int) -> None:
    assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) <= most


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{relative(page)}: {link}"
        for page in repository_files()
        if page.suffix == ".md"
        for link in LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]

    assert broken == []


def test_the_glossary_explains_each_word_once() -> None:
    rows = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    words = [row.split("|")[1].strip() for row in rows if row.startswith("| ")][1:]

    assert len(words) == len(set(words))
    assert set(words) >= TERMS


def test_the_architecture_names_every_package() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    packages = {path.parent for path in python_files() if SOURCE in path.parents and path.stat().st_size}

    missing = sorted(package.name for package in packages - {SOURCE} if f"{package.name}/" not in text)

    assert [name for name in missing if name != "versions"] == []


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]

    assert numbers == list(range(1, len(numbers) + 1))


def test_the_reference_pages_agree_with_the_code() -> None:
    _succeeds([sys.executable, "scripts/reference.py", "--check"])


def test_every_make_target_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split()

    assert set(re.findall(r"^([a-z]+):.*## \S", makefile, re.MULTILINE)) == set(phony)
    assert set(phony) >= {"install", "demo", "test", "check", "serve", "bench", "lock"}


def test_continuous_integration_runs_the_test_command_of_the_readme() -> None:
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def _succeeds(command: list[str | Path]) -> None:
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
