"""The examples of the guides work as they are written, one after the other."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
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


@pytest.mark.parametrize(
    "guide",
    [
        "library.md",
        "people-and-access.md",
        "model-cards.md",
        "pictures-and-tags.md",
        "operations.md",
    ],
)
def test_examples_of_a_guide(guide: str, new_server: Callable[..., Server], tmp_path: Path) -> None:
    server = new_server()
    blocks = _BLOCK.findall((ROOT / "docs" / "guide" / guide).read_text(encoding="utf-8"))
    script = "\n".join(["set -euo pipefail", f"KEY={server.key}", *blocks])
    script = script.replace("http://127.0.0.1:8080", server.url)

    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "XDG_CONFIG_HOME": str(tmp_path / "config")}

    run = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert len(blocks) > 3
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
