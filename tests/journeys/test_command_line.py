"""The command line as another process sees it: the guide's examples, and a person who logs in."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.containers import can_run_containers
from tests.house.tree import ROOT
from tests.journeys.server import Server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not can_run_containers(), reason="a server gets ready where containers can run"),
]
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
PASSWORD = "a long horse staple"


def _bash(script: str, directory: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MODELYARD_")}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**kept, "PATH": path, "XDG_CONFIG_HOME": str(directory / "config"), **variables}
    command = ["bash", "-c", f"set -euo pipefail\n{script}"]
    return subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_examples_of_the_guide(new_server: Callable[..., Server], tmp_path: Path) -> None:
    server = new_server()
    blocks = _BLOCK.findall((ROOT / "docs" / "guide" / "command-line.md").read_text(encoding="utf-8"))
    run = _bash("\n".join(blocks).replace("http://127.0.0.1:8080", server.url), tmp_path, {"KEY": server.key})

    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    assert len(blocks) >= 8
    assert server.key not in run.stdout + run.stderr
    assert "There is no such team." in run.stdout
    assert (tmp_path / "trail.csv").read_text().startswith("identifier,createdAt,actor")


def test_an_invited_person_logs_in(new_server: Callable[..., Server], tmp_path: Path) -> None:
    server = new_server()
    script = f"""
        modelyard teams create Vision
        link=$(modelyard users invite ada@example.org --first-name Ada --last-name Lovelace --team Vision -o json |
            python3 -c 'import json,sys; print(json.load(sys.stdin)["invitation"]["url"])')
        echo '{PASSWORD}' | modelyard accept "$link" --password-stdin
        unset MODELYARD_API_KEY
        echo '{PASSWORD}' | modelyard login --email ada@example.org --password-stdin
        modelyard whoami
        modelyard users list
        prefix=$(modelyard whoami -o json | python3 -c 'import json,sys; print(json.load(sys.stdin)["accessKey"])')
        modelyard keys get "$prefix" || test $? = 6
        modelyard logout
        modelyard whoami || test $? = 3
    """
    run = _bash(script, tmp_path, {"MODELYARD_URL": server.url, "MODELYARD_API_KEY": server.key})

    assert run.returncode == 0, run.stdout + run.stderr
    assert PASSWORD not in run.stdout + run.stderr
    assert "The profile default has the key" in run.stdout
    assert re.search(r"user +ada@example.org", run.stdout)
    assert re.search(r"roles +DEVELOPER", run.stdout)
