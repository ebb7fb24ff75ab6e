"""How things look: in a terminal, elsewhere, as JSON and as CSV."""

import json
import os
import pty
import re
import subprocess
import sys

import pytest

from modelyard.entrypoints.cli.answers import Thing
from modelyard.entrypoints.cli.shown import Column, Screen, cell
from tests.entrypoints.cli.shell import canned, http

COLUMNS: list[Column] = [("name", "name"), ("owner", "user.first+last"), ("time", "at"), ("is new", "new")]
THINGS: list[Thing] = [
    {"name": "名前", "user": {"first": "Ada", "last": "L."}, "at": "2026-01-02T03:04:05.678+00:00", "new": True},
    {"name": "b", "user": {"first": "Bob"}, "new": False},
    {"name": None, "user": "odd", "at": 5, "new": [1, {"name": "x"}, None]},
]


def test_plain_columns(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().rows([THINGS[:1], THINGS[1:]], COLUMNS)

    assert capsys.readouterr().out.splitlines() == [
        "NAME  OWNER   TIME                  IS_NEW",
        "名前  Ada L.  2026-01-02T03:04:05Z  yes",
        "b     Bob     -                     no",
        "-     -       5                     1,x",
    ]


def test_nothing_but_the_titles(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().rows([], COLUMNS)
    assert capsys.readouterr().out == "NAME  OWNER  TIME  IS_NEW\n"


def test_csv(capsys: pytest.CaptureFixture[str]) -> None:
    Screen("csv").rows([[{"name": '=a"b', "new": -5}]], COLUMNS)
    assert capsys.readouterr().out == 'name,owner,time,is new\n"\'=a""b",,,\'-5\n'


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    Screen("json").rows([THINGS], COLUMNS, 2)
    assert json.loads(capsys.readouterr().out) == THINGS[:2]


def test_one_thing_without_what_it_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().thing({"name": "b", "at": None}, COLUMNS)
    assert capsys.readouterr().out == "name  b\n"


@pytest.mark.parametrize("where", ["name", "name.deeper", "user.first+last", "a+b"])
@pytest.mark.parametrize("value", [None, 5, [], {}, [[]], {"first": [], "last": {}}])
def test_odd_values_have_a_cell(where: str, value: object) -> None:
    assert isinstance(cell({"name": value, "user": value, "a": value}, where), str)


def _in_a_terminal(*arguments: str, url: str, columns: int = 100) -> str:
    """What a command writes to a terminal."""
    environment = {
        **{name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "TERM"}},
        "TERM": "xterm",
        "COLUMNS": str(columns),
        "MODELYARD_URL": url,
        "MODELYARD_API_KEY": "prefix12.verysecretbody",
    }
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "modelyard", *arguments]
    process = subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            shown += (chunk := os.read(ours, 65_536))
        except OSError:  # the other side is closed
            break
        if not chunk:
            break
    os.close(ours)
    assert process.wait(30) == 0, shown
    return shown.decode()


def test_a_table_in_a_terminal() -> None:
    team = {"identifier": "1", "name": "[red]Vision[/red] \x1b[2J", "account": {"name": "acme"}, "members": 3}
    with canned(http(json.dumps([team]).encode())) as server:
        shown = _in_a_terminal("teams", "list", url=server.url)

    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert "─" in shown
    assert "[red]Vision[/red] \\x1b[2J" in plain
    assert "\x1b[2J" not in shown


def test_an_empty_list_in_a_terminal() -> None:
    with canned(http(b"[]")) as server:
        assert "There is nothing to show." in _in_a_terminal("teams", "list", url=server.url)


def test_a_narrow_terminal_says_what_it_has_no_room_for() -> None:
    with canned(http(json.dumps([{"identifier": "0123456789" * 5, "name": "abc"}]).encode())) as server:
        shown = _in_a_terminal("teams", "list", url=server.url, columns=40)

    assert "abc" in shown
    assert "No room for: identifier; -o csv has all columns." in " ".join(shown.split())


def test_a_terminal_in_which_somebody_is_asked() -> None:
    ours, theirs = pty.openpty()
    with canned(http(b"{}")) as server:
        command = [sys.executable, "-m", "modelyard", "roles", "delete", "MINE", "--url", server.url]
        environment = {**os.environ, "MODELYARD_API_KEY": "prefix12.verysecretbody", "TERM": "xterm"}
        process = subprocess.Popen(command, env=environment, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs)
        os.write(ours, b"y\n")
        out, _ = process.communicate(timeout=30)
    os.close(ours)
    os.close(theirs)

    assert (process.returncode, out) == (0, b"The role MINE is deleted.\n")
    assert b"DELETE /api/accounting/roles/MINE" in server.seen
