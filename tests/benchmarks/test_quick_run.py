"""The benchmarks run and print ratios; what the ratios are is not tested."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.containers import can_run_containers
from tests.house.tree import ROOT
from tests.servers import has_docker_registry

pytestmark = [
    pytest.mark.containers,
    pytest.mark.slow,
    pytest.mark.skipif(not can_run_containers() or not has_docker_registry(), reason="needs podman and a registry"),
]

NAMES = [
    *("start-up", "image-intake", "cold-start", "jobs", "access", "audit", "facets", "library", "pictures"),
    "large-inputs",
]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", NAMES)
def test_quick_run_prints_ratios(name: str, tmp_path: Path) -> None:
    output = tmp_path / "ratios.json"
    command = [sys.executable, "-m", "benchmarks", name, "--quick", "--output", str(output)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr[-3000:]
    assert "ratio" in run.stdout
    comparisons = json.loads(output.read_text())["comparisons"]
    assert comparisons
    assert all(one["ratio"] > 0 for one in comparisons)
