"""Options win over the environment, which wins over profiles; a key goes only to the server that it was stored for."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from modelyard.entrypoints.cli.access import USUAL_URL, Access, check_url, find_access, is_local
from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit
from modelyard.entrypoints.cli.profile_file import Profile
from modelyard.entrypoints.cli.surroundings import read_surroundings
from tests.entrypoints.cli.shell import Shell

HOME = Profile("http://home:1", api_key="homekey1.homebody")
WORK = Profile("https://work", token="worktoken", team="team-1", expires_at="2999-01-01T00:00:00+00:00")


@pytest.fixture
def known(shell: Shell) -> Shell:
    """Two profiles, of which `home` is in use."""
    shell.store("work", WORK)
    shell.store("home", HOME)
    return shell


def _find(
    shell: Shell, variables: Mapping[str, str] | None = None, url: str | None = None, profile: str | None = None
) -> Access:
    around = read_surroundings({"XDG_CONFIG_HOME": str(shell.home), **(variables or {})})
    return find_access(around, url, profile)


def test_the_profile_in_use(known: Shell) -> None:
    found = _find(known)

    assert (found.url, found.authorization) == ("http://home:1", "ApiKey homekey1.homebody")
    assert (found.secret, found.key_prefix) == ("homebody", "homekey1")


def test_a_token_comes_with_its_team(known: Shell) -> None:
    for found in (_find(known, profile="work"), _find(known, {"MODELYARD_PROFILE": "work"})):
        assert (found.url, found.authorization, found.team) == ("https://work", "Bearer worktoken", "team-1")
        assert found.key_prefix == ""


def test_the_environment_wins_over_the_profile(known: Shell) -> None:
    key = {"MODELYARD_API_KEY": "envkey12.envbody1"}

    assert _find(known, key | {"MODELYARD_URL": "http://env/api/"}).url == "http://env"
    assert _find(known, key).url == "http://home:1"
    assert _find(known, key).authorization == "ApiKey envkey12.envbody1"


def test_options_win_over_the_environment(known: Shell) -> None:
    variables = {"MODELYARD_API_KEY": "envkey12.envbody1", "MODELYARD_URL": "http://env"}

    assert _find(known, variables, url="http://option").url == "http://option"
    assert _find(known, variables, profile="work").authorization == "Bearer worktoken"
    assert _find(known, variables, profile="work").url == "https://work"


@pytest.mark.parametrize("variables", [{}, {"MODELYARD_URL": "http://other"}])
def test_a_key_goes_to_no_other_server(known: Shell, variables: dict[str, str]) -> None:
    with pytest.raises(CommandFailed, match="There is no key for http://other") as caught:
        _find(known, variables, url=None if variables else "http://other")

    assert caught.value.code == Exit.NOT_AUTHENTICATED


def test_nobody_is_logged_in(shell: Shell) -> None:
    with pytest.raises(CommandFailed, match=f"login --url {USUAL_URL}"):
        _find(shell)


def test_a_profile_that_is_not_there(known: Shell) -> None:
    for given in ({"profile": "nowhere"}, {"variables": {"MODELYARD_PROFILE": "nowhere"}}):
        with pytest.raises(CommandFailed, match="no profile 'nowhere'") as caught:
            _find(known, **given)
        assert caught.value.code == Exit.USAGE


def test_a_token_that_has_ended(shell: Shell) -> None:
    shell.store("old", Profile("http://old", token="t", expires_at="2020-01-01T00:00:00.000+00:00"))

    with pytest.raises(CommandFailed, match="ended at 2020-01-01"):
        _find(shell)


def test_a_key_in_a_file(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("filekey1.filebody\n")

    found = _find(shell, {"MODELYARD_API_KEY_FILE": str(tmp_path / "key")})
    assert found.authorization == "ApiKey filekey1.filebody"
    with pytest.raises(CommandFailed, match="MODELYARD_API_KEY_FILE"):
        _find(shell, {"MODELYARD_API_KEY_FILE": str(tmp_path / "nothing")})


@pytest.mark.parametrize("key", ["nodot", "a.b c", "a.b\r\nX-Evil: 1", "ä.ö", ".", "a." + "b" * 501])
def test_a_key_that_is_none_is_not_repeated(shell: Shell, key: str) -> None:
    with pytest.raises(CommandFailed) as caught:
        _find(shell, {"MODELYARD_API_KEY": key})

    assert key not in caught.value.message or key == "."


@pytest.mark.parametrize(
    "text", ["http://h:1", "http://h:1/", "http://h:1/api", "http://h:1/api/", " http://H:1/api// "]
)
def test_addresses_of_one_server(text: str) -> None:
    assert check_url(text) == "http://h:1"


def test_a_server_below_a_path() -> None:
    assert check_url("https://h/models/api/") == "https://h/models"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h:1",
        "ftp://h",
        "http://",
        "http://user:pw@h",
        "http://h?x=1",
        "http://h#x",
        "http://h:x",
        "http://h\x1b[1m",
    ],
)
def test_addresses_that_are_none(text: str) -> None:
    with pytest.raises(CommandFailed, match="must be like") as caught:
        check_url(text)

    assert "pw" not in caught.value.message


def test_what_stays_on_this_machine() -> None:
    local = ["http://localhost:1", "http://127.0.0.1", "http://[::1]:8080", "http://a.localhost"]

    assert all(map(is_local, local))
    assert not is_local("http://localhost.example.org")


def test_the_file_below_the_home_directory() -> None:
    around = read_surroundings({"HOME": "/somewhere", "XDG_CONFIG_HOME": "relative"})

    assert around.config_directory == Path("/somewhere/.config/modelyard")
    assert read_surroundings({"HOME": "/h", "XDG_CONFIG_HOME": "/x"}).config_directory == Path("/x/modelyard")
