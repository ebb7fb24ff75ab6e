"""What operators look at: health, measurements, logs; and secrets, which are in none of these."""

import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.programs import ProgramRegistry, begin_version, deploy, wait_until
from tests.journeys.server import KEY, Server, containers_of, finished_results, submit_texts
from tests.servers import docker_registry

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.xdist_group("model-server")]

PASSWORD = "registry-secret-5f0c2a"
ADMIN_PASSWORD = "administrator-secret-77b1"


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, programs: ProgramRegistry) -> Iterator[Server]:
    """A server that logs JSON lines, and everything."""
    settings = {
        "MODELYARD_LOG_JSON": "true",
        "MODELYARD_LOG_LEVEL": "debug",
        "MODELYARD_ADMIN_PASSWORD": ADMIN_PASSWORD,
        "MODELYARD_ENGINE_IDLE_SECONDS": "2",
    }
    with docker_registry(tmp_path_factory.mktemp("closed"), {"puller": PASSWORD}) as closed:
        settings["MODELYARD_INSECURE_REGISTRIES"] = f"{programs.address},{closed}"
        server = Server(tmp_path_factory.mktemp("watched") / "data", settings=settings)
        server.start()
        yield server
        server.stop()
        assert containers_of(server) == []


def test_a_connection_that_rests_for_some_seconds_is_kept(watched: Server) -> None:
    connection = http.client.HTTPConnection(watched.url.removeprefix("http://"), timeout=30)
    for pause in (0, 6):  # existing clients look every five seconds
        time.sleep(pause)
        connection.request("GET", "/healthz")
        with connection.getresponse() as answer:
            assert (answer.status, answer.read() != b"") == (200, True)
        assert connection.sock is not None
    connection.close()


def log_lines(server: Server) -> list[dict[str, Any]]:
    """The server's log, but for the line that says where it serves."""
    lines = (server.data_dir.parent / f"{server.data_dir.name}.log").read_text().splitlines()
    return [json.loads(line) for line in lines if not line.startswith("modelyard serves at ")]


def requests_by_id(server: Server) -> dict[str, dict[str, Any]]:
    """The log lines of requests."""
    return {line["request_id"]: line for line in log_lines(server) if line["event"] == "request"}


def test_health_and_readiness(watched: Server) -> None:
    assert watched.call("GET", "/healthz").json == {"status": "ok"}
    assert watched.call("GET", "/readyz").json == {"database": "ok", "containers": "ok"}


def test_log_lines_carry_the_request_id(watched: Server) -> None:
    chosen = watched.call("GET", "/api/models?name=anything", headers={"X-Request-Id": "chosen-by-caller"})
    made = watched.call("GET", "/api/models/unknown123")
    broken = watched.call("GET", "/healthz", headers={"X-Request-Id": "two words\tand more"})

    headers = {name.lower(): value for name, value in chosen.headers.items()}
    assert headers["x-request-id"] == "chosen-by-caller"
    # A line is written when its answer has been sent.
    assert wait_until(lambda: _id_of(broken.headers) in requests_by_id(watched))
    ids = requests_by_id(watched)
    assert (ids["chosen-by-caller"]["path"], ids["chosen-by-caller"]["status"]) == ("/api/models", 200)
    assert ids[_id_of(made.headers)]["status"] == 404
    assert "two words" not in " ".join(ids)


def test_measurements_follow_what_happens(watched: Server, programs: ProgramRegistry) -> None:
    model_id, _ = deploy(watched, programs.misbehaving())
    finished_results(watched, submit_texts(watched, model_id, {"one": "hello"}))

    text = watched.call("GET", "/metrics").body.decode()

    measured = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[0] != "#"}
    assert measured["modelyard_engines_ready"] == 1
    assert measured["modelyard_items_open"] == 0
    submitted = [name for name in measured if name.startswith("modelyard_requests_total") and "/api/jobs" in name]
    assert submitted
    assert model_id not in text


def test_secrets_are_nowhere(watched: Server, programs: ProgramRegistry) -> None:
    host = watched.settings["MODELYARD_INSECURE_REGISTRIES"].split(",")[1]
    _, path = begin_version(watched, programs.misbehaving())
    for password in (PASSWORD, "wrong-" + PASSWORD):
        source = {"registry": {"url": f"{host}/nobody/nothing:1", "username": "puller", "password": password}}
        answer = watched.call("POST", f"{path}/container-image", source)
        assert answer.status == 201, answer.body
        failed = _until_it_failed(watched, path)
        assert PASSWORD not in failed
    assert watched.call("GET", "/api/models", headers={"Authorization": f"ApiKey {KEY}x"}).status == 401
    secrets = [PASSWORD, ADMIN_PASSWORD, KEY.partition(".")[2]]

    found = [
        f"{secret} in {place.name}"
        for secret in secrets
        for place in _files_below(watched.data_dir.parent)
        if secret.encode() in place.read_bytes()
    ]

    assert found == []


def _until_it_failed(server: Server, path: str) -> str:
    for _ in range(600):
        answer = server.call("GET", f"{path}/container-image")
        if answer.status == 422:
            return answer.body.decode()
    raise AssertionError(answer.body)


def _files_below(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def _id_of(headers: dict[str, str]) -> str:
    return {name.lower(): value for name, value in headers.items()}["x-request-id"]
