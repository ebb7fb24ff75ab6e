"""The lock agrees with pyproject.toml, has hashes, and names no place to download from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CLIENT: list[str] = PROJECT["project"]["dependencies"]
RUNTIME: list[str] = CLIENT + PROJECT["project"]["optional-dependencies"]["server"]
DEVELOPMENT: list[str] = PROJECT["dependency-groups"]["dev"]
ENTRY = re.compile(
    r"(?P<name>[a-z0-9.-]+)==(?P<version>[^ ]+)(?: ; [^\\]+)?(?P<hashes>(?: --hash=sha256:[0-9a-f]{64})+)"
)


@pytest.mark.parametrize(("lock", "wanted"), [("client", CLIENT), ("runtime", RUNTIME), ("dev", RUNTIME + DEVELOPMENT)])
def test_the_lock_satisfies_the_project(lock: str, wanted: list[str]) -> None:
    pins = _pins(ROOT / "requirements" / f"{lock}.txt")

    behind = [
        text
        for text in wanted
        if not (need := Requirement(text)).specifier.contains(pins.get(canonicalize_name(need.name), "0"))
    ]

    assert behind == [], "run make lock"


def test_development_uses_the_versions_that_are_shipped() -> None:
    development = _pins(ROOT / "requirements" / "dev.txt")

    assert {name: development.get(name) for name in _pins(ROOT / "requirements" / "runtime.txt")} == _pins(
        ROOT / "requirements" / "runtime.txt"
    )


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_the_lock_holds_only_versions_and_hashes(lock: Path) -> None:
    odd = [line for line in _entries(lock) if not ENTRY.fullmatch(line)]

    assert odd == []


def _entries(lock: Path) -> list[str]:
    joined = re.sub(r" *\\\n *", " ", lock.read_text(encoding="utf-8"))
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


def _pins(lock: Path) -> dict[str, str]:
    matches = [ENTRY.fullmatch(line) for line in _entries(lock)]
    return {canonicalize_name(match["name"]): match["version"] for match in matches if match}
