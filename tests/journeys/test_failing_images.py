"""Programs that misbehave, each in its own way: the platform says what happened, removes them, and goes on."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from modelyard.adapters.runtimes.podman_process import podman_command
from tests.journeys.programs import (
    ProgramRegistry,
    activate,
    begin_load_test,
    begin_run_test,
    begin_version,
    deploy,
    exchange_entries,
    no_container_stays,
    result_of,
)
from tests.journeys.server import Server, finished_results, submit_texts

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.xdist_group("model-server")]

LOAD_FAILURES = {
    "exits": (
        "ended with exit code 3",
        ["exit code 3", "out of memory: no", "cannot open /app/weights.bin"],
    ),
    "no-server": ("nothing in the container listened", ["misbehaving program in mode no-server"]),
    "never-ready": ("not ready within the status timeout of 3 s", ["loading", "mode never-ready"]),
    "status-hangs": ("not ready within the status timeout of 3 s", ["mode status-hangs"]),
    "load-fails": ("could not load its model: The model could not be loaded: weights.bin is missing", ["load-fails"]),
    "garbage": ("speaks neither of the container protocols", ["mode garbage"]),
    "not-http": ("speaks neither of the container protocols", ["mode not-http"]),
    "oom-on-load": ("used more than the 1 GB", ["out of memory: yes", "mode oom-on-load"]),
}
"""By mode: what the error says, and what the technical information contains."""

QUICK = {"no-server", "never-ready", "status-hangs"}
"""These use up the status timeout."""

RUN_FAILURES = {
    "oom-on-run": "because it used more memory than its preset allows",
    "crashes-in-run": "exit code 4",
    "hangs-in-run": "did not answer within its run time-out of",
    "rejects": "the input is not a picture",
    "fails-in-run": "The model failed: division by zero",
    "no-output": "The model reported success, but gave no output.",
    "symlink-output": "The output 'results.json' is not a readable file.",
    "pipe-output": "The output 'results.json' is not a regular file.",
    "huge-output": "The outputs are larger than the limit of",
    "many-outputs": "The model wrote more than 1000 output files.",
    "wrong-name": "the model returned no 'results.json', which its version declares",
    "not-json": "the output 'results.json' is declared as application/json, but is not JSON",
}
"""By mode: what the error says."""


@pytest.fixture(scope="module")
def load_tests(model_server: Server, programs: ProgramRegistry) -> dict[str, str]:
    """The paths of versions with failing load tests, which run while others are looked at."""
    paths = {}
    for mode in LOAD_FAILURES:
        timeout = {"status": 3000 if mode in QUICK else 10_000, "run": 2000}
        _, paths[mode] = begin_version(model_server, programs.misbehaving(mode), timeout=timeout)
    for path in paths.values():
        model_server.until(f"{path}/container-image", lambda state: state["percentage"] == 100)
        begin_load_test(model_server, path)
    return paths


@pytest.fixture(scope="module")
def echo(model_server: Server, programs: ProgramRegistry) -> tuple[str, str]:
    """Model id and path of an active version that misbehaves only when an input asks for it."""
    return deploy(
        model_server,
        programs.misbehaving(),
        timeout={"status": 20_000, "run": 8000},
        processing={"minimumParallelCapacity": 0, "maximumParallelCapacity": 2},
    )


@pytest.mark.parametrize("mode", LOAD_FAILURES)
def test_load_test_names_what_went_wrong(model_server: Server, load_tests: dict[str, str], mode: str) -> None:
    error, information = LOAD_FAILURES[mode]

    result = result_of(model_server, load_tests[mode], "load")

    assert result["status"] == "FAILED"
    assert error in result["error"]
    for text in information:
        assert text in result["technicalInformation"]
    refused = model_server.call("POST", f"{load_tests[mode]}/run-process")
    assert refused.status in {409, 422}, refused.body


def test_failed_load_tests_leave_nothing(model_server: Server, load_tests: dict[str, str]) -> None:
    for path in load_tests.values():
        result_of(model_server, path, "load")

    assert no_container_stays(model_server)
    assert exchange_entries(model_server) == []


def test_image_for_another_architecture(model_server: Server, programs: ProgramRegistry) -> None:
    _, path = begin_version(model_server, programs.push("foreign", _foreign_image()))
    state = model_server.until(f"{path}/container-image", lambda state: state["percentage"] == 100)
    begin_load_test(model_server, path)

    result = result_of(model_server, path, "load")

    assert state["architecture"] == "arm64"
    assert result["status"] == "FAILED"
    assert "built for arm64, but this machine runs amd64" in result["error"]


def test_run_test_names_what_went_wrong(model_server: Server, programs: ProgramRegistry) -> None:
    model_id, paths = "", {}
    for number, mode in enumerate(RUN_FAILURES):
        model_id, paths[mode] = begin_version(
            model_server,
            programs.misbehaving(),
            model_id=model_id,
            version=f"0.1.{number}",
            timeout={"status": 20_000, "run": 2000 if mode == "hangs-in-run" else 20_000},
        )
        begin_load_test(model_server, paths[mode])
        begin_run_test(model_server, paths[mode], f"please:{mode}".encode())

    results = {mode: result_of(model_server, path, "run", seconds=120) for mode, path in paths.items()}

    assert {mode: result["status"] for mode, result in results.items()} == dict.fromkeys(RUN_FAILURES, "FAILED")
    said = {mode: result["error"] for mode, result in results.items() if RUN_FAILURES[mode] not in result["error"]}
    assert said == {}
    silent = [mode for mode, result in results.items() if f"run in mode {mode}" not in result["technicalInformation"]]
    assert silent == []
    assert "exit code 4, out of memory: no" in results["crashes-in-run"]["technicalInformation"]
    assert "exit code 137, out of memory: yes" in results["oom-on-run"]["technicalInformation"]
    assert no_container_stays(model_server)


def test_bad_items_spoil_no_other_item(model_server: Server, echo: tuple[str, str]) -> None:
    texts = {}
    for mode in RUN_FAILURES:
        texts[f"before {mode}"] = "good"
        texts[mode] = f"please:{mode}"
    job = submit_texts(model_server, echo[0], texts)

    results = finished_results(model_server, job, seconds=120)

    assert set(results["failures"]) == set(RUN_FAILURES)
    said = {
        mode: item["error"] for mode, item in results["failures"].items() if RUN_FAILURES[mode] not in item["error"]
    }
    assert said == {}
    assert set(results["results"]) == {f"before {mode}" for mode in RUN_FAILURES}
    assert (results["completed"], results["failed"]) == (len(RUN_FAILURES), len(RUN_FAILURES))
    again = finished_results(model_server, submit_texts(model_server, echo[0], {"next": "good"}))
    assert again["results"]["next"]["status"] == "SUCCESSFUL"
    assert exchange_entries(model_server) == []
    assert no_container_stays(model_server)


def test_program_that_forgets_outputs(model_server: Server, programs: ProgramRegistry) -> None:
    reference = programs.push("forgetful", _forgetful_image())
    _, path = begin_version(model_server, reference)
    begin_load_test(model_server, path)
    begin_run_test(model_server, path)

    result = result_of(model_server, path, "run")

    assert result["status"] == "FAILED"
    assert "gave 0 outputs for 1 items" in result["error"]
    assert "listens on port" in result["technicalInformation"]


def test_program_that_prints_without_end_is_tested_all_the_same(
    model_server: Server, programs: ProgramRegistry
) -> None:
    _, path = begin_version(model_server, programs.misbehaving("prints"))
    begin_load_test(model_server, path)
    begin_run_test(model_server, path)

    assert result_of(model_server, path, "run")["status"] == "SUCCESSFUL"
    activate(model_server, path)


def _foreign_image() -> str:
    """An image for arm64 with nothing but one file."""
    tag = "localhost/modelyard/test-foreign:1"
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "model").write_text("not a program")
        (Path(directory) / "Containerfile").write_text('FROM scratch\nCOPY model /model\nCMD ["/model"]\n')
        _podman("build", "--quiet", "--arch", "arm64", "--tag", tag, directory)
    return tag


def _forgetful_image() -> str:
    """The sentiment example without the last output of each batch."""
    root = Path(__file__).parents[2]
    base, tag = "localhost/modelyard/test-sentiment:1", "localhost/modelyard/test-forgetful:1"
    build = [sys.executable, str(root / "examples" / "build.py"), "sentiment", "--tag", base]
    subprocess.run(build, check=True, capture_output=True)
    models = root / "tests" / "models"
    _podman(
        "build",
        "--tag",
        tag,
        f"--build-arg=BASE={base}",
        "--file",
        str(models / "Containerfile.forgetful"),
        str(models),
    )
    return tag


def _podman(*arguments: str) -> Any:
    done = subprocess.run([*podman_command(), *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
