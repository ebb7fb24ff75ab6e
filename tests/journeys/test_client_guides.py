"""The guides of the Python client and of `modelyard run`, as they are written, on a real container."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.client import Client
from tests.containers import can_run_containers
from tests.environments import python_with
from tests.house.tree import ROOT
from tests.journeys.conftest import end_server
from tests.journeys.server import Server, save_image

pytestmark = [
    pytest.mark.containers,
    pytest.mark.slow,
    pytest.mark.skipif(not can_run_containers(), reason="needs podman"),
]
GUIDE = ROOT / "docs" / "guide"
EXAMPLE = ROOT / "examples" / "sentiment"
_BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)
RUN = """
import ast, asyncio, inspect, json, sys
names = {"__name__": "__main__"}
for number, source in enumerate(json.load(open(sys.argv[1]))):
    tree = ast.parse(source)
    if tree.body and isinstance(tree.body[-1], ast.Expr):  # a notebook shows what stands last
        tree.body[-1].value = ast.Call(ast.Name("print", ast.Load()), [tree.body[-1].value], [])
    code = compile(ast.fix_missing_locations(tree), f"cell {number}", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if inspect.iscoroutine(done := eval(code, names)):
        asyncio.run(done)
"""


def _cells(document: str) -> list[str]:
    text = (GUIDE / document).read_text(encoding="utf-8")
    if document.endswith(".md"):
        return [code for _, code in _BLOCK.findall(text)]
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the example model, which the client has deployed."""
    directory = tmp_path_factory.mktemp("client")
    tag = "localhost/modelyard/test-sentiment:1"
    subprocess.run([sys.executable, ROOT / "examples" / "build.py", "sentiment", "--tag", tag], check=True)
    archive = directory / "image.tar"
    archive.write_bytes(save_image(tag))
    server = Server(directory / "data")
    server.start()
    try:
        with Client(server.url, server.key) as client:
            version = client.deploy(EXAMPLE / "model.yaml", archive=archive)
            assert version.status == "active"
            assert client.deploy(EXAMPLE / "model.yaml", archive=archive).version == version.version
        yield server
    finally:
        end_server(server)


def _environment(server: Server, directory: Path) -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        "XDG_CONFIG_HOME": str(directory),
        "MODELYARD_URL": server.url,
        "MODELYARD_API_KEY": server.key,
    }


def _run(server: Server, directory: Path, command: list[str]) -> str:
    run = subprocess.run(
        command,
        cwd=directory,
        env=_environment(server, directory),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert server.key not in run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize("document", ["python-client.md", "python-client.ipynb"])
def test_examples_of_the_client(document: str, deployed: Server, tmp_path: Path) -> None:
    cells = _cells(document)
    (tmp_path / "cells.json").write_text(json.dumps(cells))
    shown = _run(deployed, tmp_path, [str(python_with("notebook")), "-c", RUN, str(tmp_path / "cells.json")])

    assert len(cells) >= 7
    assert "positive" in shown
    assert "The text is empty." in shown


def test_examples_of_the_shell(deployed: Server, tmp_path: Path) -> None:
    cells = _cells("run-from-the-shell.md")
    shown = _run(deployed, tmp_path, ["bash", "-c", "\n".join(["set -euo pipefail", *cells])])

    assert len(cells) >= 4
    assert "Not all of it went well." in shown
    assert (tmp_path / "answers" / "results.jsonl").exists()
    print(shown)
