"""Which server a client talks to, and what it says when none answers."""

from pathlib import Path

import pytest

from modelyard.client import AsyncClient, Client, NotAuthenticated, NotConfigured, Unreachable
from tests.entrypoints.cli.shell import canned, http

PROFILES = '[profiles.work]\nurl = "http://work.example.org"\napi_key = "prefix.body"\n'


@pytest.fixture(autouse=True)
def _surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home without anything, whatever the environment says."""
    for name in ("URL", "API_KEY", "API_KEY_FILE", "PROFILE"):
        monkeypatch.delenv(f"MODELYARD_{name}", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def test_arguments_then_environment_then_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotConfigured, match="There is no key"):
        Client()
    (tmp_path / "modelyard").mkdir()
    (tmp_path / "modelyard" / "profiles.toml").write_text(PROFILES)
    assert Client(profile="work").url == "http://work.example.org"
    with pytest.raises(NotConfigured, match="no profile 'home'"):
        Client(profile="home")

    monkeypatch.setenv("MODELYARD_URL", "http://127.0.0.1:1/api/")
    with pytest.raises(NotConfigured):  # the profile's key is not for this server
        Client(api_key="")
    monkeypatch.setenv("MODELYARD_API_KEY", "other.body")
    assert Client().url == "http://127.0.0.1:1"
    assert AsyncClient("https://models.example.org", "a.b").url == "https://models.example.org"
    with pytest.raises(NotConfigured, match=r"prefix\.body"):
        Client("http://127.0.0.1:1", "no key")


def test_nobody_answers() -> None:
    with (
        Client("http://127.0.0.1:1", "prefix.secretbody", retries=1) as client,
        pytest.raises(Unreachable, match="Is it running") as caught,
    ):
        client.jobs.get("some-job")

    assert not caught.value.was_sent
    assert "secretbody" not in str(caught.value) + repr(client)


def test_an_answer_that_breaks_off() -> None:
    with (
        canned(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort") as server,
        Client(server.url, "a.b", retries=1) as client,
        pytest.raises(Unreachable, match="to the end"),
    ):
        client.jobs.get("some-job")
    assert len(server.requests) == 2  # reading may be repeated


def test_a_wrong_key() -> None:
    told: list[str] = []
    body = b'{"statusCode":401,"message":"This key is unknown."}'
    with (
        canned(http(body, "401 Unauthorized")) as server,
        Client(server.url, "a.b", tell=told.append) as client,
        pytest.raises(NotAuthenticated, match="unknown"),
    ):
        client.jobs.get("some-job")
    assert told == [f"GET {server.url}/api/jobs/some-job: 401"]
