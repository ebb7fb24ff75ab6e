"""Profiles from the command line."""

import json

import pytest

from modelyard.entrypoints.cli.profile_file import Profile
from tests.entrypoints.cli.shell import Shell, canned, http


@pytest.fixture
def known(shell: Shell) -> Shell:
    """Two profiles, of which `home` is in use."""
    shell.store(
        "work", Profile("https://work", "ada@example.org", token="worktoken", expires_at="2999-01-01T00:00:00Z")
    )
    shell.store("home", Profile("http://home:1", api_key="homekey1.homebody"))
    return shell


def test_the_list_has_no_secrets(known: Shell) -> None:
    table, found = known.run("profiles", "list"), known.run("profiles", "list", "-o", "json")

    assert [row.split() for row in table.stdout.splitlines()[1:]] == [
        ["yes", "home", "http://home:1", "-", "homekey1", "-"],
        ["no", "work", "https://work", "ada@example.org", "a", "token", "2999-01-01T00:00:00Z"],
    ]
    assert [one["name"] for one in json.loads(found.stdout)] == ["home", "work"]
    for output in (table.output, found.output):
        assert "homebody" not in output
        assert "worktoken" not in output


def test_another_one_is_used(known: Shell) -> None:
    assert known.run("profiles", "use", "work").exit_code == 0

    assert known.file.read().current == "work"
    assert known.run("profiles", "use", "nowhere").exit_code == 2
    assert known.file.read().current == "work"


def test_one_is_forgotten(known: Shell) -> None:
    assert known.run("profiles", "remove", "home").exit_code == 2
    assert known.run("profiles", "remove", "home", interactive=True, stdin="n\n").exit_code == 1
    assert set(known.file.read().by_name) == {"home", "work"}
    assert known.run("profiles", "remove", "home", interactive=True, stdin="y\n").exit_code == 0

    assert (known.file.read().current, set(known.file.read().by_name)) == ("", {"work"})
    assert "homebody" not in known.file.path.read_text()
    assert known.run("profiles", "remove", "home", "--yes").exit_code == 2


def test_no_profiles(shell: Shell) -> None:
    assert shell.run("profiles", "list").exit_code == 0
    assert not shell.file.path.exists()


def test_a_file_that_others_can_read_is_warned_of(shell: Shell) -> None:
    with canned(http(b"[]")) as server:
        shell.store("one", Profile(server.url, api_key="homekey1.homebody"))
        assert "Careful" not in shell.run("teams", "list").stderr
        shell.file.path.chmod(0o640)
        assert f"chmod 600 {shell.file.path}" in shell.run("teams", "list").stderr
