"""Queries, headers, methods and paths, from strange to wrong."""

import pytest

from modelyard.entrypoints.rest import requests
from modelyard.entrypoints.rest.middleware import path_to_log
from tests.asgi import Answer, AsgiClient
from tests.entrypoints.rest.steps import Walk, expect, expect_error

QUERIES = [
    *[
        "page=0",
        "page=-1",
        "page=x",
        "page=1e9",
        "page=999999999&per-page=999999999",
        "per-page=0",
        "per-page=",
        "per-page=undefined",
    ],
    *[
        "page=%00",
        "page=%ff",
        "page=1&page=2",
        "sort-by=nonsense",
        "sort-by=,,,",
        "direction=sideways",
        "name=%00",
        "name=%ff%fe",
    ],
    *[
        "name=%25%25",
        "isActive=maybe",
        "isActive=",
        "=",
        "&&&",
        "%",
        "status=nonsense",
        "status=%00",
        "user=%00",
        "accessKey=%25",
    ],
    *[
        "startDate=yesterday",
        "startDate=2026-02-30",
        "startDate=0001-01-01",
        "startDate=9999-12-31",
        "endDate=2026-01-01",
    ],
    "startDate=0001-01-01T00:00:00%2B14:00",
    "startDate=2025-01-01&endDate=9999-12-31T23:59:59.999999",
    "startDate=2025-01-01&endDate=9999-12-31T23:59:59-14:00",
    "startDate=2026-01-01T00:00:00&endDate=2025-01-01",
    "startDate=2026-01-01T25:00:00",
    "startDate=2026-01-01T00:00:00%2B99:99",
    "name=" + "a," * 200,
    "name=" + "a;" * 240,
    "modelId=" + "x," * 240,
    "model=" + "x" * 5000,
    "sort-by=" + "status,name,updatedAt," * 1000,
]


async def test_strange_queries(alice: AsgiClient, walk: Walk) -> None:
    model_id = await walk.active()
    for query in QUERIES:
        for path in ("/api/models", "/api/jobs", "/api/jobs/history", f"/api/models/{model_id}/versions"):
            answer = await alice.call("GET", f"{path}?{query}")
            if answer.status != 200:
                expect_error(answer, 400)


async def test_strange_headers(alice: AsgiClient) -> None:
    for headers in (
        {"host": "a:b:c"},
        {"host": "["},
        {"host": "[::1"},
        {"host": "\xff"},
        {"host": ""},
        {"host": None},
        {"host": "x" * 5000},
        {"x-request-id": "\xff\n" * 100},
        {"content-type": "multipart/form-data"},
        {"content-type": "\xff"},
        {"content-length": "x"},
    ):
        sent: dict[str, str | None] = dict(headers)
        answers: list[Answer] = [
            await alice.call("GET", "/api/models/nothing", headers=sent),
            await alice.call("GET", "/nothing", headers=sent),
            await alice.call("GET", "/api/models?per-page=1", headers=sent),
        ]
        for answer in answers:
            assert answer.status < 500, (headers, answer)
            if answer.status >= 400:
                expect_error(answer, answer.status)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "BREW"])
async def test_wrong_methods(alice: AsgiClient, method: str) -> None:
    expect_error(await alice.call(method, "/api/models"), 405)


async def test_tolerant_paths(alice: AsgiClient) -> None:
    for path in ("/api/models/", "/api/api/models", "/api/api/api/models/", "/api/models///"):
        assert expect(await alice.call("GET", path)) == []


async def test_a_whole_list_goes_on_behind_a_link_when_it_is_very_long(
    alice: AsgiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["a", "b", "c", "d", "e"]
    for name in names:
        expect(await alice.call("POST", "/api/models", {"name": name, "version": "0.1.0"}), 201)
    first = await alice.call("GET", "/api/models?sort-by=name")
    assert (len(expect(first)), "link" in first.headers) == (5, False)

    monkeypatch.setattr(requests, "LARGEST_PAGE", 2)
    path, sizes = "/api/models?sort-by=name", []
    while path:
        answer = await alice.call("GET", path)
        sizes.append(len(expect(answer)))
        path = answer.headers.get("link", "").partition(">")[0].removeprefix("<http://testserver")

    assert sizes == [2, 2, 1]


async def test_a_nul_in_a_query_finds_nothing_by_accident(alice: AsgiClient, walk: Walk) -> None:
    await walk.active()
    for method, path in (("GET", "/api/models?name=%00zzz"), ("DELETE", "/api/jobs?model=%00zzz")):
        assert "NUL" in expect_error(await alice.call(method, path), 400)


async def test_nothing_of_a_body_is_lost_without_a_word(alice: AsgiClient, walk: Walk) -> None:
    model_id = await walk.active()
    twice = '{"a":{"input.txt":"1"},"a":{"input.txt":"2"}}'
    body = f'{{"model":{{"identifier":"{model_id}"}},"input":{{"type":"text","sources":{twice}}}}}'

    answer = await alice.call("POST", "/api/jobs", data=body.encode(), headers={"content-type": "application/json"})

    assert "'a' twice" in expect_error(answer, 400)


def test_paths_in_the_log_do_nothing_to_a_terminal() -> None:
    assert path_to_log({"type": "http", "path": "/api/zz\x1b]0;owned\x07"}) == "/api/zz]0;owned"
