"""The audit trail from the command line, against a real server."""

import asyncio
import csv
import json
import signal
import subprocess
import sys
from pathlib import Path

from tests.cast import CAST, key_of
from tests.entrypoints.cli.shell import Shell, canned, http


async def test_the_newest_come_first(olga: Shell) -> None:
    for name in ("One", "Two", "Three"):
        await olga.type("teams", "create", name)

    listed = await olga.json("audit", "list", "--action", "team:created")
    assert [event["action"] for event in listed] == ["team:created"] * 3
    numbers = [event["identifier"] for event in listed]
    assert numbers == sorted(numbers, reverse=True)
    assert await olga.json("audit", "list", "--action", "team:", "--limit", "2") == listed[:2]
    assert await olga.json("audit", "list", "--target", listed[0]["target"], "--all") == listed[:1]
    assert await olga.json("audit", "list", "--actor", CAST.olga.email, "--since", "2999-01-01") == []
    assert len(await olga.json("audit", "list", "--user", CAST.olga.email, "--action", "team:")) == 3
    assert await olga.json("audit", "list", "--request", listed[1]["requestId"]) == listed[1:2]


async def test_one_event(olga: Shell, alice: Shell) -> None:
    await olga.type("teams", "create", "One")
    await olga.type("teams", "rename", "One", "Two")
    changed, created, *_ = await olga.json("audit", "list")

    assert "team changed: One, name One → Two" in await olga.type("audit", "list")
    shown = await olga.type("audit", "show", str(changed["identifier"]))
    assert ["before", "name:", "One"] in map(str.split, shown.splitlines())
    assert ["after", "name:", "Two"] in map(str.split, shown.splitlines())
    assert await olga.json("audit", "show", str(created["identifier"])) == created
    assert "no event 99999" in await olga.type("audit", "show", "99999", code=5)
    await alice.type("audit", "show", str(created["identifier"]), code=4)


async def test_actions_that_there_are_not(olga: Shell) -> None:
    await olga.type("teams", "create", "One")

    assert "those of late begin with team." in await olga.type("audit", "list", "--action", "teams")
    assert await olga.json("audit", "list", "--action", "teams") == []


async def test_an_export_is_a_file_that_only_its_owner_reads(olga: Shell, tmp_path: Path) -> None:
    await olga.type("teams", "create", "One")
    file = tmp_path / "trail.csv"
    await olga.type("audit", "export", str(file), "--format", "csv", "--action", "team:")

    assert file.stat().st_mode & 0o777 == 0o600
    assert [row["action"] for row in csv.DictReader(file.read_text().splitlines())] == ["team:created"]
    assert "there already" in await olga.type("audit", "export", str(file), code=2)
    await olga.type("audit", "export", str(file), "--overwrite")
    assert json.loads(file.read_text().splitlines()[0])["action"] == "audit:exported"
    assert "audit:exported" in await olga.type("audit", "export", "-")


async def test_refusals(alice: Shell, olga: Shell, tmp_path: Path) -> None:
    await alice.type("audit", "list", code=4)
    await alice.type("audit", "export", str(tmp_path / "no.jsonl"), code=4)
    await olga.type("audit", "list", "--since", "soon", code=2)
    await olga.type("audit", "export", str(tmp_path / "no" / "where"), code=1)
    assert list(tmp_path.glob("*no*")) == []


def test_an_export_that_breaks_off_leaves_no_file(shell: Shell, tmp_path: Path) -> None:
    shell.variables["MODELYARD_API_KEY"] = "prefix12.verysecretbody"
    with canned(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}\n") as server:
        result = shell.run("audit", "export", str(tmp_path / "trail"), "--url", server.url)

    assert (result.exit_code, list(tmp_path.glob("*trail*"))) == (9, [])


def test_events_without_numbers_cannot_be_followed(shell: Shell) -> None:
    shell.variables["MODELYARD_API_KEY"] = "prefix12.verysecretbody"
    with canned(http(b'[{"action": "x"}]')) as server:
        result = shell.run("audit", "list", "--follow", "--url", server.url)

    assert (result.exit_code, "cannot be followed" in result.stderr) == (1, True)


async def test_new_events_are_shown_as_they_come(olga: Shell, url: str) -> None:
    await olga.type("teams", "create", "One")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(olga.home), "MODELYARD_API_KEY": key_of(CAST.olga).text}
    command = [sys.executable, "-m", "modelyard", "audit", "list", "-f", "-o", "json", "--url", url]
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=subprocess.PIPE)
    assert process.stdout is not None
    first = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
    await olga.type("teams", "create", "Two")
    second = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
    process.send_signal(signal.SIGINT)

    assert (first["action"], second["action"]) == ("team:created", "team:created")
    assert second["identifier"] > first["identifier"]
    assert await asyncio.wait_for(process.wait(), 20) == 0
