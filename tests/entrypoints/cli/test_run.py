"""Jobs from the command line, against a real server whose engines are fakes."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from modelyard.adapters.container_protocols.base import ItemOutcome
from modelyard.app import Platform
from tests.cast import CAST
from tests.entrypoints.cli.shell import Shell, canned, http
from tests.library import add_active
from tests.machine import Machine


def _upper(inputs: Mapping[str, bytes]) -> ItemOutcome:
    """Answers a text in capitals, and fails at what is bad."""
    text = b" ".join(inputs.values()).decode()
    if "bad" in text:
        return ItemOutcome({}, "this is bad \x1b[2J")
    return ItemOutcome(
        {"results.json": json.dumps({"data": {"result": text.upper()}}).encode(), "face.png": b"\x89PNG"}
    )


@pytest.fixture
async def model(platform: Platform, machine: Machine) -> str:
    machine.program.answer = _upper
    image_id = machine.runtime.hold("held:1", machine.publish())
    return await add_active(platform.database, CAST.alice, image_id=image_id)


def _lines(text: str) -> dict[str, dict[str, object]]:
    return {line["item"]: line for line in map(json.loads, text.splitlines())}


async def test_texts_and_files(alice: Shell, model: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("from a file")
    shown = await alice.type("run", "ECHO", str(tmp_path / "a.txt"), "--text", "and a text")
    assert "FROM A FILE" in shown
    assert "All 2 items" in shown
    assert "--output DIR writes it" in shown

    target = tmp_path / "out"
    await alice.type("run", f"{model}@0.1.0", str(tmp_path / "a.txt"), "--output", str(target), "--explain")
    assert (target / "a.txt" / "face.png").read_bytes() == b"\x89PNG"
    assert json.loads((target / "results.jsonl").read_text())["files"]["face.png"] == "a.txt/face.png"
    again = await alice.type("run", model, "--text", "x", "--output", str(target), code=6)
    assert "there already" in again


async def test_exit_code_and_errors_of_items(alice: Shell, model: str, tmp_path: Path) -> None:
    shown = await alice.type("run", "echo", "--text", "good", "--text", "bad", code=1)
    assert "1 of 2 items failed" in shown
    assert "this is bad" in shown
    assert "\x1b" not in shown

    job = (await alice.printed("run", "echo", "--text", "good", "--text", "bad", "--detach")).strip()
    await alice.type("jobs", "watch", job, code=1)
    assert "retry-failed" in await alice.type("jobs", "results", job)
    assert "goes with inputs" in await alice.type("jobs", "retry-failed", job, "--timeout", "5", code=2)
    again = (await alice.printed("jobs", "retry-failed", job, "--detach")).strip()
    await alice.type("jobs", "watch", again, code=1)  # with the same inputs it fails again
    assert set(_lines(await alice.printed("jobs", "results", again, "--json"))) == {"0002"}
    assert "nothing to do" not in await alice.type("jobs", "retry-failed", job, "--text", "", "--text", "mended")
    line = _lines(await alice.printed("jobs", "results", job, "--json"))
    assert str(line["0002"]["error"]).startswith("this is bad")


async def test_lines_and_tables(alice: Shell, model: str, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"id": "one", "input.txt": "a"}\n"bare"\n\n{"id": 2, "input.txt": "b"}\n')
    found = _lines(await alice.printed("run", "echo", "--jsonl", str(tmp_path / "in.jsonl"), "--json"))
    assert set(found) == {"one", "line2", "2"}
    assert found["line2"]["outputs"] == {"results.json": {"data": {"result": "BARE"}}, "face.png": None}

    (tmp_path / "in.csv").write_text("review,text,stars\nr1,fine,5\nr2,good,4\n", encoding="utf-8-sig")
    arguments = ("run", "echo", "--csv", str(tmp_path / "in.csv"), "--json")
    assert set(_lines(await alice.printed(*arguments, "--id", "review", "--column", "input.txt=text"))) == {"r1", "r2"}
    assert "no column 'input.txt'" in await alice.type(*arguments, code=2)
    piped = await alice.printed("run", "echo", "--csv", "-", "--json", stdin="text\nhello\n")
    assert set(_lines(piped)) == {"row1"}


@pytest.mark.parametrize(
    ("content", "option", "expected"),
    [
        ("text\n\xff,1,2\n", "--csv", "not as many cells"),
        ("{", "--jsonl", "line 1: that is no JSON"),
        ('{"a": ' + "[" * 90_000, "--jsonl", "no JSON"),
    ],
    ids=["cells", "json", "deep"],
)
async def test_bad_files(alice: Shell, model: str, tmp_path: Path, content: str, option: str, expected: str) -> None:
    (tmp_path / "in").write_text(content)
    assert expected in await alice.type("run", "echo", option, str(tmp_path / "in"), code=2)


async def test_several_inputs(alice: Shell, platform: Platform, machine: Machine, tmp_path: Path) -> None:
    machine.program.answer = _upper
    two = [{"name": name, "acceptedMediaTypes": "text/plain", "maximumSize": 9, "description": ""} for name in "ab"]
    image_id = machine.runtime.hold("held:1", machine.publish())
    model = await add_active(platform.database, CAST.alice, image_id=image_id, inputs=two)
    folder = tmp_path / "pair"
    folder.mkdir()
    (folder / "a").write_text("x")
    (folder / "b").write_text("y")

    assert set(_lines(await alice.printed("run", model, str(folder), "--json"))) == {"pair"}
    assert "2 inputs" in await alice.type("run", model, "--text", "bare", code=2)
    (tmp_path / "in.jsonl").write_text('{"a": "x"}\n')
    assert "input 'b' is missing" in await alice.type("run", model, "--jsonl", str(tmp_path / "in.jsonl"), code=2)


def test_half_a_key_for_s3(shell: Shell) -> None:
    version = b'{"modelId": "abcdefghij", "latestActiveVersion": "1.0.0", "inputs": [{"name": "a"}]}'
    with canned(http(version)) as server:
        around = {"MODELYARD_URL": server.url, "MODELYARD_API_KEY": "a.b", "AWS_ACCESS_KEY_ID": "known"}
        run = Shell(shell.home, around).run("run", "abcdefghij", "--s3", "s3://a/b")

    assert run.exit_code == 2
    assert "AWS_SECRET_ACCESS_KEY go together" in run.output


async def test_what_cannot_be_run(alice: Shell, charlie: Shell, model: str) -> None:
    assert "Give FILES" in await alice.type("run", "echo", code=2)
    assert "not both" in await alice.type("run", "echo", "--text", "x", "--s3", "s3://a/b", code=2)
    assert "no model 'ecko'" in await alice.type("run", "ecko", "--text", "x", code=5)
    await charlie.type("run", model, "--text", "x", code=5)


async def test_jobs(alice: Shell, charlie: Shell, model: str, machine: Machine) -> None:
    machine.program.run_hangs = True
    job = (await alice.printed("run", "echo", "--text", "x", "--detach")).strip()
    while (await alice.json("jobs", "show", job))["status"] == "SUBMITTED":  # noqa: ASYNC110
        await asyncio.sleep(0.05)  # what is listed twice below must not change in between

    assert job in await alice.type("jobs", "list", "--status", "pending", "--model", "ech")
    assert [one["jobIdentifier"] for one in await alice.json("jobs", "list")] == [job]
    assert await alice.printed("jobs", "list", "--json") == await alice.printed("jobs", "list", "-o", "json")
    assert (await alice.json("jobs", "show", job))["jobIdentifier"] == job
    await charlie.type("jobs", "show", job, code=5)
    assert "add --yes" in await alice.type("jobs", "cancel", "--all", code=2)
    assert "Name the jobs" in await alice.type("jobs", "cancel", code=2)
    assert "CANCELED" in await alice.type("jobs", "cancel", job)
    assert "is CANCELED" in await alice.type("jobs", "watch", job, code=1)
    assert "Give one of" in await alice.type("jobs", "results", job, "--json", "--csv", "-", code=2)


async def test_engines(alice: Shell, model: str, machine: Machine) -> None:
    await alice.type("run", "echo", "--text", "x")
    [engine] = await alice.json("engines", "list", "--model", "echo")

    assert engine["ready"]
    assert engine["name"] in await alice.type("engines", "list")
    assert "5" in await alice.type("engines", "scale", "echo", "0.1.0", "--min", "0", "--max", "5")


def test_what_an_older_server_does_not_know(shell: Shell) -> None:
    body = b'{"statusCode":404,"message":"There is nothing at /api/x; see /api/docs for what there is."}'
    with canned(http(body, "404 Not Found")) as server:
        old = Shell(shell.home, {"MODELYARD_URL": server.url, "MODELYARD_API_KEY": "a.b"})
        logs, zipped = old.run("logs", "some-engine"), old.run("jobs", "results", "some-job", "--zip", "-")
        canceled = old.run("jobs", "cancel", "--all", "--yes")

    assert (logs.exit_code, zipped.exit_code, canceled.exit_code) == (5, 5, 5)
    assert "does not offer the logs of engines" in logs.output
    assert "does not offer outputs.zip" in zipped.output


def test_logs_are_harmless(shell: Shell) -> None:
    with canned(http(b"ready\nclear \x1b[2J\r\nno end of line \xff", media_type="text/plain")) as server:
        around = Shell(shell.home, {"MODELYARD_URL": server.url, "MODELYARD_API_KEY": "a.b"})
        shown = around.run("engines", "logs", "some-engine", "--tail", "5", "-f")

    assert shown.exit_code == 0
    assert shown.stdout == "ready\nclear \\x1b[2J\nno end of line \ufffd\n"
    assert b"follow=true&lines=5" in server.seen
