"""The client where nothing of the server is installed."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cast import CAST, key_of
from tests.environments import python_with
from tests.house.tree import ROOT

SERVER = ("aiohttp", "alembic", "fastapi", "grpc", "jinja2", "obstore", "PIL", "sqlalchemy", "structlog", "uvicorn")
SCRIPT = f"""
import importlib.util, sys
assert not [name for name in {SERVER} if importlib.util.find_spec(name)], "this is no bare environment"
import modelyard.client
late = sorted({{"pydantic", "yaml", "msgspec", "pandas"}} & set(sys.modules))
assert not late, late
with modelyard.Client() as client:
    results = client.jobs.run("echo", ["a good day", "a bad day"]).raise_for_failures()
    print(len(results), next(iter(results.values())).output["label"], [model.name for model in client.models.list()])
    try:
        client.deploy("model.yaml", image="registry.example/a:1")
    except modelyard.client.ClientError as error:
        print(error)
"""


def _run(directory: Path, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "src"),
        "XDG_CONFIG_HOME": str(directory),
        "MODELYARD_URL": url,
        "MODELYARD_API_KEY": key_of(CAST.alice).text,
    }
    command = [str(python_with("client")), *arguments]
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
async def test_client_and_commands_without_the_server(url: str, model: str, tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text("specification: '0.3'\n")
    done = await asyncio.to_thread(_run, tmp_path, url, "-c", SCRIPT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 good ['echo']" in done.stdout
    assert "cannot be used" in done.stdout

    listed = await asyncio.to_thread(_run, tmp_path, url, "-m", "modelyard", "models", "list")
    assert "echo" in listed.stdout, listed.stderr
    served = await asyncio.to_thread(_run, tmp_path, url, "-m", "modelyard", "serve")
    assert served.returncode == 1
    assert "pip install 'modelyard[server]'" in served.stderr
    assert "Traceback" not in served.stderr


def test_importing_the_client_is_quick() -> None:
    unwanted = {*SERVER, "pydantic", "yaml", "msgspec"}
    script = f"import sys, modelyard.client; print(sorted({unwanted} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == "[]"
