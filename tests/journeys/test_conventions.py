"""What every client relies on at every address, seen through the real server with plain HTTP."""

import http.client
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from tests.containers import build_image
from tests.journeys import client_types
from tests.journeys.client_types import problems
from tests.journeys.server import KEY, Answer, Server, deploy_archive, finished_results, submit_texts

pytestmark = [pytest.mark.containers, pytest.mark.xdist_group("conventions")]
NAMES = ["0001", "a/b/c.txt", "zwölf 🎉.pdf", "100% done?#&.x", "datasource", "output/x/output", "ends/"]
CLI_TIME = "2026-11-23T10:11:12.345+0000"
ORIGIN = "https://library.example.org"


@dataclass(frozen=True)
class Painted:
    """An active version whose model returns pictures and texts, and a finished job of it."""

    model_id: str
    path: str
    job: str
    receipt: dict[str, Any]


@pytest.fixture(scope="module")
def painted(server: Server) -> Painted:
    models = Path(__file__).parents[1] / "models"
    files = {f"/app/{name}.py": (models / f"{name}.py").read_bytes() for name in ("painter", "misbehaving")}
    image = build_image("painter", files, ["python3", "-u", "/app/painter.py"])
    model_id, path = deploy_archive(server, image, name="painter (test)")
    server.call("PATCH", path, {"statistics": [{"label": "F1", "value": 1}], "longDescription": "Paints."})
    texts = {name: {"input.txt": f"text of {name}"} for name in NAMES}
    body = {
        "model": {"identifier": model_id, "version": "0.1.0"},
        "explain": False,
        "input": {"type": "text", "sources": {**texts, "broken": {"input.txt": 7}}},
    }
    receipt = server.call("POST", "/api/jobs", body)
    assert receipt.status == 202, receipt.body
    job = receipt.json["jobIdentifier"]
    finished_results(server, job)
    return Painted(model_id, path, job, receipt.json)


@pytest.fixture(scope="module")
def catalogue(server: Server) -> list[str]:
    """Identifiers of models whose names begin alike; the second one has exactly that name."""
    names = ["paged two", "paged", "paged three", "Paged 4", "paged five"]
    return [server.call("POST", "/api/models", {"name": name, "version": "0.1.0"}).json["identifier"] for name in names]


def _assert_error(answer: Answer, status: int) -> str:
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    body = answer.json
    assert body["statusCode"] == status
    assert body["status"] == http.client.responses[status]
    assert body["reportErrorUrl"].startswith("http")
    assert body["message"]
    return str(body["message"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("GET", "/nothing", 404),
        ("POST", "/", 405),
        ("GET", "/api/api/nothing", 404),
        ("PUT", "/api/models", 405),
        ("PATCH", "/api/jobs/history", 405),
        ("DELETE", "/healthz", 405),
        ("GET", "/api/models/none", 404),
        ("GET", "/api/models/%00/versions/%ff", 404),
        ("GET", "/api/jobs/none", 404),
        ("GET", "/api/results/none", 404),
        ("GET", "/api/results/none/a/b", 404),
        ("GET", "/api/pictures/none", 404),
        ("GET", "/api/models?per-page=many", 400),
        ("GET", "/api/models?isActive=maybe", 400),
        ("GET", "/api/jobs/history?startDate=yesterday", 400),
        ("POST", "/api/models", 400),
        ("POST", "/api/jobs", 400),
    ],
)
def test_errors_have_one_body(server: Server, method: str, path: str, status: int) -> None:
    message = _assert_error(server.call(method, path), status)

    assert message not in {"Not Found", "Method Not Allowed"}


def test_an_address_says_its_methods(server: Server) -> None:
    answer = server.call("PUT", "/api/models")

    assert answer.headers["allow"] == "GET, POST"
    assert "GET, POST" in answer.json["message"]


@pytest.mark.parametrize(
    "data", [b"{", b"[]", b'"text"', b"null", b"\xff\xfe", b'{"name":7}', b'{"name":"a"}', b'{"a":' * 5000]
)
def test_bodies_that_cannot_be_used_are_refused(server: Server, data: bytes) -> None:
    answer = server.call("POST", "/api/models", data=data, headers={"Content-Type": "application/json"})

    _assert_error(answer, 400)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "ApiKey"},
        {"Authorization": "ApiKey unknown.unknown"},
        {"Authorization": f"ApiKey {KEY}x"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": f"Bearer {KEY}"},
        {"Authorization": f"Bearer {KEY}", "Modzy-Team-Id": "another"},
        {"Authorization": "ApiKey " + "x" * 5000},
    ],
)
def test_keys_that_are_wrong_are_refused(server: Server, headers: dict[str, str]) -> None:
    answer = server.call("GET", "/api/models", headers=headers)

    _assert_error(answer, 401)
    assert answer.headers["www-authenticate"] == "ApiKey"


def test_both_forms_of_key_are_accepted(server: Server, painted: Painted) -> None:
    team = painted.receipt["team"]["identifier"]
    for headers in (
        {"Authorization": f"apikey {KEY}"},
        {"Authorization": f"ApiKey  {KEY} "},
        {"Authorization": f"Bearer {KEY}", "Modzy-Team-Id": team},
        {"Authorization": f"ApiKey {KEY}", "Modzy-Team-Id": team},
    ):
        assert server.call("GET", "/api/models", headers=headers).status == 200, headers


def test_tags_are_public(server: Server) -> None:
    for path in ("/api/models/tags", "/api/models/tags/audio,image"):
        assert server.call("GET", path, headers={"Authorization": ""}).status == 200
    assert server.call("GET", "/api/models/tags/audio", headers={"Authorization": "ApiKey no.no"}).status == 401


@pytest.mark.parametrize(
    "path",
    [
        "/api/models/",
        "/api/api/models",
        "/api/api/models/",
        "//api/models",
        "/api//models/",
        "/api/api//models//?page=1",
    ],
)
def test_addresses_are_served_in_several_spellings(server: Server, catalogue: list[str], path: str) -> None:
    answer = server.call("GET", path)

    assert answer.status == 200
    assert {model["modelId"] for model in answer.json} >= set(catalogue)


def test_a_body_may_be_sent_to_a_spelling_too(server: Server) -> None:
    answer = server.call("POST", "/api/api/models/", {"name": "spelling", "version": "0.1.0"})

    assert answer.status == 201


@pytest.mark.parametrize("value", ["", "undefined", "null"])
def test_values_that_are_not_set_count_as_absent(server: Server, painted: Painted, value: str) -> None:
    names = ("startDate", "endDate", "model", "user", "accessKey", "status", "page", "per-page", "sort-by", "direction")
    history = server.call("GET", "/api/jobs/history?" + "&".join(f"{name}={value}" for name in names))
    assert history.status == 200, history.body
    assert painted.job in [job["jobIdentifier"] for job in history.json]

    filters = ("modelId", "author", "name", "isActive", "isExpired", "isRecommended", "page", "per-page", "sort-by")
    models = server.call("GET", "/api/models?" + "&".join(f"{name}={value}" for name in filters))
    assert painted.model_id in [model["modelId"] for model in models.json]


@pytest.mark.parametrize("query", ["colour=blue", "per-page=1000&search[]=x", "filter=%zz", "page=0&per-page=100"])
def test_unknown_parameters_are_ignored(server: Server, painted: Painted, query: str) -> None:
    for path in ("/api/models", "/api/jobs/history", "/api/jobs", f"/api/models/{painted.model_id}/versions"):
        answer = server.call("GET", f"{path}?{query}")
        assert answer.status == 200, answer.body
        assert answer.json


def test_flags_are_read_in_any_case(server: Server, painted: Painted) -> None:
    for value, is_there in {"True": True, "true": True, "TRUE": True, "False": False, "false": False}.items():
        found = server.call("GET", f"/api/models?isActive={value}&per-page=1000").json
        assert (painted.model_id in [model["modelId"] for model in found]) == is_there, value
    assert server.call("GET", "/api/models?isExpired=true").json == []
    assert server.call("GET", "/api/models?isExpired=False").json


def test_names_are_contained_and_the_exact_one_comes_first(server: Server, catalogue: list[str]) -> None:
    found = server.call("GET", "/api/models?name=PAGED&page=1&per-page=1").json
    assert [model["modelId"] for model in found] == [catalogue[1]]
    found = server.call("GET", "/api/models?name=paged%20t,five&per-page=100").json
    assert {model["modelId"] for model in found} == {catalogue[0], catalogue[2], catalogue[4]}
    assert server.call("GET", "/api/models?name=p_ged").json == []


@pytest.mark.parametrize("direction", ["asc", "ASC", "Asc", "desc", "DESC", "Desc"])
def test_directions_are_read_in_any_case(server: Server, catalogue: list[str], direction: str) -> None:
    query = f"/api/models?sort-by=modelId&direction={direction}&per-page=100"
    found = [model["modelId"] for model in server.call("GET", query).json]

    assert set(catalogue) <= set(found)
    assert found == sorted(found, reverse=direction.lower() == "desc")


def test_links_lead_to_the_next_page_exactly_when_there_is_one(server: Server, catalogue: list[str]) -> None:
    path, seen, pages = "/api/models?name=paged&sort-by=modelId&per-page=2", [], 0
    while path:
        answer = server.call("GET", path)
        seen += [model["modelId"] for model in answer.json]
        pages += 1
        link = answer.headers.get("link", "")
        found = re.fullmatch(r'<([^>]+)>; rel="next"', link)
        assert bool(link) == bool(found)
        assert not found or len(answer.json) == 2
        address = urlsplit(found[1]) if found else None
        path = f"{address.path}?{address.query}" if address else ""

    assert pages == 3
    assert sorted(seen) == sorted(catalogue)
    assert "link" not in server.call("GET", "/api/models?name=paged&per-page=5").headers
    assert "link" not in server.call("GET", "/api/models?name=paged&page=9&per-page=2").headers


def test_versions_have_pages_too(server: Server, catalogue: list[str]) -> None:
    path = f"/api/models/{catalogue[0]}/versions"
    for number in ("0.10.0", "0.2.0"):
        assert server.call("POST", path, {"version": number}).status == 201

    first = server.call("GET", f"{path}?page=1&per-page=2")
    assert [row["version"] for row in first.json] == ["0.1.0", "0.2.0"]
    assert 'rel="next"' in first.headers["link"]
    last = server.call("GET", f"{path}?page=2&per-page=2")
    assert [row["version"] for row in last.json] == ["0.10.0"]
    assert "link" not in last.headers


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-02",
        "2026-01-02T03:04:05",
        "2026-01-02T03:04:05.678",
        "2026-01-02T03:04:05.678Z",
        "2026-01-02T03:04:05.678%2B00:00",
        "2026-01-02T03:04:05.678%2B0000",
        "2026-01-02T03:04:05.678+0000",
        "2026-01-02T03:04:05.678901234Z",
        "2026-01-02%2003:04:05",
    ],
)
def test_times_are_read_in_every_form(server: Server, painted: Painted, time: str) -> None:
    since = server.call("GET", f"/api/jobs/history?startDate={time}&per-page=1000")
    assert since.status == 200, since.body
    assert painted.job in [job["jobIdentifier"] for job in since.json]
    until = server.call("GET", f"/api/jobs/history?startDate=2020-01-01&endDate={time}")
    assert until.json == []


def test_history_does_not_break_on_the_command_line_client(server: Server) -> None:
    """It puts the present time into every filter."""
    time = quote(CLI_TIME)
    window = f"startDate={time}&endDate={time}&sort-by=createdAt&direction=DESC&per-page=10&page=1"
    for name in ("user", "accessKey", "model"):
        assert server.call("GET", f"/api/jobs/history?{window}&{name}={time}").json == []
    _assert_error(server.call("GET", f"/api/jobs/history?{window}&status={time}"), 400)


@pytest.mark.parametrize(
    ("status", "is_there"),
    [
        ("all", True),
        ("ALL", True),
        ("terminated", True),
        ("Terminated", True),
        ("TERMINATED_WITH_ERROR", True),
        ("completed", True),
        ("pending", False),
        ("PENDING", False),
        ("OPEN", False),
        ("error", False),
        ("canceled", False),
        ("TIMEDOUT", False),
    ],
)
def test_status_words_are_read_in_any_case(server: Server, painted: Painted, status: str, *, is_there: bool) -> None:
    found = server.call("GET", f"/api/jobs/history?status={status}&per-page=1000")

    assert found.status == 200
    assert (painted.job in [job["jobIdentifier"] for job in found.json]) == is_there


def test_json_may_be_announced_without_a_body(server: Server, catalogue: list[str]) -> None:
    """One client does so with every call."""
    announced = {"Content-Type": "application/json"}
    for path in ("/api/models", f"/api/models/{catalogue[0]}", "/api/jobs/features", "/api/jobs/history"):
        assert server.call("GET", path, headers=announced).status == 200, path
    steps = f"/api/models/{catalogue[0]}/versions/0.1.0"
    for path in (f"{steps}/load-process", f"{steps}/run-process"):
        for data in (b"", b"{}"):
            answer = server.call("POST", path, data=data, headers=announced)
            assert answer.status == 409, answer.body


def test_json_is_compact_and_the_status_comes_first(server: Server, painted: Painted) -> None:
    """One client compares the nine characters that begin nine characters behind the first `status`."""
    for path in (f"/api/jobs/{painted.job}", "/api/jobs/history?per-page=1"):
        body = server.call("GET", path).body.decode()
        place = body.index("status")
        assert body[place + 9 : place + 18] == "COMPLETED"
        assert body == json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False)


def test_null_changes_nothing_and_unknown_members_are_ignored(server: Server, painted: Painted) -> None:
    before = server.call("GET", painted.path).json
    names = (
        *("inputs", "outputs", "statistics", "requirement", "timeout", "processing", "longDescription"),
        *("technicalDetails", "performanceSummary", "versionHistory", "inputValidationSchema", "status"),
    )
    nothing: Mapping[str, Any] = {**dict.fromkeys(names), "colour": {"deep": [1]}}
    after = server.call("PATCH", painted.path, nothing)

    assert after.status == 200, after.body
    assert after.json == before


def test_engines_are_set_in_all_forms(server: Server, painted: Painted) -> None:
    bare = {"ModelID": painted.model_id, "Version": "0.1.0", "minimumParallelCapacity": 0, "maximumParallelCapacity": 3}
    nested = {"processing": {"minimumParallelCapacity": 0, "maximumParallelCapacity": 2}}
    for path in (painted.path, f"{painted.path}/processing"):
        for body, maximum in ((bare, 3), (nested, 2)):
            answer = server.call("PATCH", path, body)
            assert answer.status == 200, answer.body
            assert answer.json["processing"] == {"minimumParallelCapacity": 0, "maximumParallelCapacity": maximum}
            assert answer.json["inputs"]


def test_results_are_objects_whatever_is_in_them(server: Server, painted: Painted) -> None:
    running = submit_texts(server, painted.model_id, {"one": "1"})
    early = server.call("GET", f"/api/results/{running}")
    assert early.status == 200
    assert isinstance(early.json["results"], dict)
    assert isinstance(early.json["failures"], dict)
    late = finished_results(server, running)
    assert late["failures"] == {}

    mixed = server.call("GET", f"/api/results/{painted.job}").json
    assert set(mixed["results"]) == set(NAMES)
    assert set(mixed["failures"]) == {"broken"}
    assert "must be a text" in mixed["failures"]["broken"]["error"]


@pytest.mark.parametrize("name", NAMES)
def test_outputs_that_are_not_json_have_an_address(server: Server, painted: Painted, name: str) -> None:
    result = server.call("GET", f"/api/results/{painted.job}").json["results"][name]
    assert result["results.json"]["data"]["result"]["inputs"]["input.txt"]["text"] == f"text of {name}"

    kinds = {"picture.png": "image/png", "notes 100%.txt": "text/plain", "page.html": "text/html"}
    for output, media_type in kinds.items():
        address = urlsplit(result[output])
        assert f"{address.scheme}://{address.netloc}" == server.url
        answer = server.call("GET", address.path)
        assert answer.status == 200, answer.body
        assert answer.headers["content-type"].split(";")[0] == media_type
        assert "sandbox" in answer.headers["content-security-policy"]
        assert server.call("GET", address.path, headers={"Authorization": ""}).status == 401
        if output.startswith("notes"):
            assert answer.body.decode() == f"text of {name}"
        else:
            assert len(answer.body) == int(answer.headers["content-length"])


def test_outputs_have_further_addresses(server: Server, painted: Painted) -> None:
    base = f"/api/results/{painted.job}"
    plain = server.call("GET", f"{base}/0001/picture.png")
    assert plain.body.startswith(b"\x89PNG")
    for name in NAMES:
        escaped = quote(name, safe="")
        for spelling in {escaped, quote(name.rstrip("/"), safe="/") + ("%2F" if name.endswith("/") else "")}:
            one = server.call("GET", f"{base}/datasource/{spelling}/output/results.json")
            assert one.status == 200, (name, one.body)
            assert one.json["data"]["result"]["inputs"]["input.txt"]["text"] == f"text of {name}"
        item = server.call("GET", f"{base}/datasource/{escaped}")
        assert item.status == 200, (name, item.body)
        assert item.json["status"] == "SUCCESSFUL"
    _assert_error(server.call("GET", f"{base}/0001/none.png"), 404)
    _assert_error(server.call("GET", f"{base}/datasource/none"), 404)


def test_answers_decode_in_strict_clients(server: Server, painted: Painted) -> None:
    one = f"/api/models/{painted.model_id}"
    listed: list[tuple[str, Any]] = [
        ("/api/models", client_types.MODEL_SUMMARY),
        ("/api/models/latest", client_types.LATEST_MODEL),
        ("/api/models/requirements/account", client_types.REQUIREMENT),
        ("/api/models/tags", client_types.TAG),
        (f"{one}/versions", {"version": client_types.version}),
        (f"{one}/related-models", client_types.MODEL),
        ("/api/jobs", client_types.JOB_SUMMARY),
        ("/api/jobs/history", client_types.JOB),
        ("/api/resources/processing/engines", client_types.ENGINE_COUNTS),
        ("/api/resources/processing/models", client_types.DEPLOYED_MODEL),
        ("/api/metrics/active-users", client_types.ACTIVE_USER),
        ("/api/metrics/active-models", client_types.ACTIVE_MODEL),
        ("/api/notifications/alerts", client_types.ALERT_COUNT),
        ("/api/notifications/alerts/MODEL_EXPIRATION", client_types.text),
    ]
    single: list[tuple[str, Any]] = [
        (one, client_types.MODEL),
        (painted.path, client_types.VERSION),
        (f"{painted.path}/run-process", client_types.VERSION["runStatus?"]),
        ("/api/models/processing-engines", {"minimumProcessingEnginesSum": client_types.whole}),
        ("/api/metrics/data-processed", client_types.DATA_PROCESSED),
        ("/api/metrics/predictions-made", client_types.PREDICTIONS_MADE),
        ("/api/metrics/prometheus/cpu-overall-usage", client_types.SERIES),
        (f"/api/jobs/{painted.job}", client_types.JOB),
        ("/api/jobs/features", client_types.FEATURES),
        (f"/api/results/{painted.job}", client_types.RESULTS),
        (f"/api/results/{painted.job}/datasource/0001", client_types.ITEM_RESULT),
    ]
    for path, shape in [*((path, client_types.many(shape)) for path, shape in listed), *single]:
        answer = server.call("GET", path)
        assert answer.status == 200, (path, answer.body)
        assert problems(shape, answer.json) == [], path
    for path, shape in listed:
        entries = server.call("GET", path).json
        assert [problem for entry in entries for problem in problems(shape, entry)] == [], path
    assert problems(client_types.RECEIPT, painted.receipt) == []
    tagged = server.call("GET", "/api/models/tags/audio").json
    assert list(tagged) == ["tags", "models"]


def test_waiting_engines_are_listed(server: Server, painted: Painted) -> None:
    finished_results(server, submit_texts(server, painted.model_id, {"one": "1"}))
    counts = server.call("GET", "/api/resources/processing/engines").json
    mine = next(entry for entry in counts if entry["identifier"] == painted.model_id)
    assert (mine["ready"], mine["failed"]) == (1, 0)
    details = server.call("GET", "/api/resources/processing/models").json
    mine = next(entry for entry in details if entry["identifier"] == painted.model_id)
    assert [engine["ready"] for engine in mine["engines"]] == [True]
    assert mine["modelDeploymentState"]["ready"]


def test_a_cancelled_job_decodes(server: Server, painted: Painted) -> None:
    job = submit_texts(server, painted.model_id, {str(number): "x" for number in range(200)})
    cancelled = server.call("DELETE", f"/api/jobs/{job}")
    assert cancelled.status == 202
    assert problems(client_types.JOB, cancelled.json) == []
    results = server.call("GET", f"/api/results/{job}").json
    assert results["finished"]
    assert problems(client_types.RESULTS, results) == []
    assert results["completed"] == len(results["results"])
    assert len(results["results"]) + len(results["failures"]) == 200


def test_requests_are_counted_by_route(server: Server, painted: Painted) -> None:
    server.call("GET", f"/api/jobs/{painted.job}")
    lines = server.call("GET", "/metrics").body.decode().splitlines()

    assert any('route="/api/jobs/{job_id}"' in line and 'status="200"' in line for line in lines)
    assert not any(painted.job in line for line in lines)


@pytest.fixture(scope="module")
def browser_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that web pages of one other origin may call."""
    own = Server(tmp_path_factory.mktemp("cors") / "data", settings={"MODELYARD_CORS_ORIGINS": ORIGIN})
    try:
        own.start()
        yield own
    finally:
        own.stop()


def _preflight(server: Server, origin: str, method: str) -> Answer:
    headers = {
        "Authorization": "",
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return server.call("OPTIONS", "/api/jobs", headers=headers)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_browsers_may_call_from_the_origins_that_are_set(browser_server: Server, method: str) -> None:
    answer = _preflight(browser_server, ORIGIN, method)

    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert method in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert "authorization" in allowed
    assert "content-type" in allowed


def test_browsers_see_answers_and_errors(browser_server: Server) -> None:
    for path, status in {"/api/models": 200, "/api/nothing": 404, "/api/models?per-page=x": 400}.items():
        answer = browser_server.call("GET", path, headers={"Origin": ORIGIN})
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert "link" in answer.headers["access-control-expose-headers"].lower()


def test_browsers_elsewhere_see_nothing(browser_server: Server, server: Server) -> None:
    calls: list[Callable[[], Answer]] = [
        lambda: _preflight(browser_server, "https://evil.example.org", "GET"),
        lambda: browser_server.call("GET", "/api/models", headers={"Origin": "https://evil.example.org"}),
        lambda: _preflight(server, ORIGIN, "GET"),
        lambda: server.call("GET", "/api/models", headers={"Origin": ORIGIN}),
    ]
    for call in calls:
        assert "access-control-allow-origin" not in call().headers
