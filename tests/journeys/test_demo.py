"""The demo as a new user runs it: everything the first time, only the jobs the second time."""

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.house.tree import ROOT
from tests.journeys.conftest import end_server
from tests.journeys.server import Server

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.timeout(900)]
STEP = re.compile(r"^ ?(\d+)/17  (\S.*?) +[\d.]+ s", re.MULTILINE)
TOTALS = re.compile(
    r"^(\d+) items: (\d+) good, (\d+) failed · .* engine start [\d.]+ s · p50 latency \d+ ms", re.MULTILINE
)


@dataclass
class Run:
    """One run of the demo."""

    code: int
    out: str
    errors: str

    def row(self, item: str) -> str:
        """The table's row of an item, with its further lines, in single spaces."""
        found = re.search(rf"^ {item} .*(\n {{20,}}\S.*)*", self.out, re.MULTILINE)
        assert found, f"no row of {item}:\n{self.out}"
        return " ".join(found[0].split())


def run_demo(data_dir: Path) -> Run:
    kept = {name: value for name, value in os.environ.items() if name not in {"FORCE_COLOR", "TTY_COMPATIBLE"}}
    command = [sys.executable, "-m", "examples.demo", "--data-dir", str(data_dir)]
    run = subprocess.run(command, cwd=ROOT, env=kept, capture_output=True, text=True, check=False)
    return Run(run.returncode, run.stdout, run.stderr)


def left_behind(data_dir: Path) -> list[str]:
    """Processes and containers of this data directory."""
    label = f"label=modelyard.installation={(data_dir / 'installation').read_text().strip()}"
    listed = subprocess.run(["podman", "ps", "-aq", "--filter", label], check=True, capture_output=True, text=True)
    processes = subprocess.run(["pgrep", "-f", f"data-dir {data_dir}$"], check=False, capture_output=True, text=True)
    return [*listed.stdout.split(), *processes.stdout.split()]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A private data directory, whose images are removed in the end."""
    directory = tmp_path_factory.mktemp("demo") / "data"
    yield directory
    with sqlite3.connect(directory / "modelyard.db") as database:
        images = [f"modelyard.local/image:{image}" for (image,) in database.execute("SELECT id FROM container_images")]
    database.close()
    subprocess.run(["podman", "rmi", *images], check=False, capture_output=True)


@pytest.fixture(scope="module")
def first(data_dir: Path) -> Run:
    """The first run."""
    return run_demo(data_dir)


def test_the_first_run_deploys_five_models_and_runs_jobs(first: Run, data_dir: Path) -> None:
    assert (first.code, first.errors) == (0, "")
    assert [int(number) for number, _ in STEP.findall(first.out)] == [*range(1, 18)] * 5
    reports = re.findall(r"^ +Measured under load .* p50 .* items/s, (\d+) at once$", first.out, re.MULTILINE)
    assert len(reports) == 5
    assert left_behind(data_dir) == []
    for name in ("admin-key", "admin-password"):
        assert (data_dir / name).stat().st_mode & 0o777 == 0o600


def test_the_tables_show_scores_and_errors(first: Run) -> None:
    assert re.search(r"positive 0\.\d\d \d+ ms$", first.row("hotel"))
    assert re.search(r"negative 0\.\d\d \d+ ms$", first.row("train"))
    assert "The text is empty. -" in first.row("empty")
    assert "The text is not valid UTF-8:" in first.row("broken")
    for item, kind in {"file-a": "png", "file-b": "python", "file-i": "pdf", "file-m": "wav"}.items():
        assert re.search(rf"{kind} [01]\.\d\d \d+ ms$", first.row(item))
    assert "The file is empty. -" in first.row("file-p")
    for item, result in {"digit-5a": "5 1.00", "digit-8b": "8", "voice-silence": "nobody speaks 0.0 s"}.items():
        assert result in first.row(item)
    assert re.search(r"\d\.\d–\d\.\d s", first.row("voice-clear"))
    assert "next 30, step 5: 34" in first.row("series-line")
    for item in ("digit-none", "voice-broken", "series-too-short"):
        assert re.search(r" - \d+ ms", first.row(item))
    totals = [tuple(map(int, entry)) for entry in TOTALS.findall(first.out)]
    assert [bad for _, _, bad in totals] == [2, 1, 1, 1, 1]
    assert all(total == good + bad for total, good, bad in totals)
    assert [total for total, _, _ in totals[1:3]] == [21, 5]


def test_the_last_two_lines_say_how_to_go_on(first: Run, data_dir: Path) -> None:
    *_, before, start, look = first.out.splitlines()

    assert before == ""
    assert start == f"Start the server on this data:  modelyard serve --data-dir {data_dir}"
    assert "http://127.0.0.1:8080" in look
    assert str(data_dir / "admin-password") in look
    assert "\x1b" not in first.out


def test_the_second_run_only_runs_the_jobs(first: Run, data_dir: Path) -> None:
    second = run_demo(data_dir)

    assert (second.code, second.errors) == (0, "")
    assert STEP.findall(second.out) == []
    assert second.out.count("deployed already") == 5
    assert [entry[1:] for entry in TOTALS.findall(second.out)] == [entry[1:] for entry in TOTALS.findall(first.out)]
    assert second.out.splitlines()[-2:] == first.out.splitlines()[-2:]
    assert left_behind(data_dir) == []


def test_the_examples_of_the_readme(first: Run, data_dir: Path, tmp_path: Path) -> None:
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Deploy a model with curl")[2]
    block = section.partition("```sh\n")[2].partition("```")[0]
    server = Server(data_dir, key=(data_dir / "admin-key").read_text().strip())
    try:
        server.start()
        person = {"email": "admin@example.org", "password": (data_dir / "admin-password").read_text().strip()}
        assert server.call("POST", "/auth/sign-in", person).status == 200
        script = f"set -euo pipefail\n{block}"
        script = script.replace("http://127.0.0.1:8080", server.url).replace("var/demo", str(data_dir))
        run = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
        )
    finally:
        end_server(server)

    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    assert '"finished":true' in run.stdout.splitlines()[-1]
    assert '"failures":{}' in run.stdout.splitlines()[-1]


def test_a_failure_ends_it_with_the_reason(first: Run, data_dir: Path) -> None:
    key = data_dir / "admin-key"
    right = key.read_text()
    key.write_text("wrongprefix.wrongbody\n")
    try:
        failed = run_demo(data_dir)
    finally:
        key.write_text(right)

    assert failed.code == 1
    assert "The demo stopped: The API key is unknown or no longer active" in failed.errors
    assert left_behind(data_dir) == []
