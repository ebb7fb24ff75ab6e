"""Bad input gets a clear error, and changes or loses nothing."""

from typing import Any

import pytest

from modelyard.app import Platform
from modelyard.entrypoints.rest.route_permissions import ROUTES, Open
from tests.asgi import AsgiClient
from tests.entrypoints.rest.steps import Walk, expect, expect_error, rows, snapshot
from tests.library import JSON_OUTPUT, TEXT_INPUT

JSON = {"content-type": "application/json"}
UNKNOWN = (
    "zzzzzzzzzz",
    "x",
    "A" * 5000,
    "..%2f..%2fetc",
    "%00",
    "%ff%fe",
    "%E2%98%83",
    "'%20OR%201=1--",
    "%F0%9F%98%80",
    "-1",
)


async def test_unknown_and_malformed_ids(alice: AsgiClient, platform: Platform) -> None:
    before = await snapshot(platform.database)
    for name in UNKNOWN:
        for method, path in (
            ("GET", f"/api/models/{name}"),
            ("PATCH", f"/api/models/{name}"),
            ("GET", f"/api/models/{name}/versions"),
            ("GET", f"/api/models/{name}/versions/0.1.0"),
            ("PATCH", f"/api/models/{name}/versions/0.1.0"),
            ("GET", f"/api/models/{name}/versions/0.1.0/container-image"),
            ("POST", f"/api/models/{name}/versions/0.1.0/load-process"),
            ("POST", f"/api/models/{name}/versions/0.1.0/run-process"),
            ("GET", f"/api/jobs/{name}"),
            ("DELETE", f"/api/jobs/{name}"),
            ("GET", f"/api/results/{name}"),
            ("GET", f"/api/results/{name}/{name}/{name}"),
            ("GET", f"/api/results/{name}/datasource/{name}"),
            ("GET", f"/api/pictures/{name}"),
            ("GET", f"/api/{name}"),
            ("GET", f"/{name}"),
        ):
            expect_error(await alice.call(method, path, {} if method == "PATCH" else None), 404)
    assert await snapshot(platform.database) == before


async def test_unknown_versions(alice: AsgiClient, walk: Walk) -> None:
    model_id = await walk.active()
    for version in ("9.9.9", "latest", "0.1", "0.1.0.0", "%00", "%ff", "v0.1.0", "0.1.0%20"):
        expect_error(await alice.call("GET", f"/api/models/{model_id}/versions/{version}"), 404, "no version")


async def test_versions_that_are_not_x_y_z(alice: AsgiClient, walk: Walk, platform: Platform) -> None:
    model_id = await walk.active()
    before = await snapshot(platform.database)
    for version in (
        "",
        "1",
        "1.0",
        "1.0.0.0",
        "v1.0.0",
        "1.0.x",
        "01.0.0",
        "-1.0.0",
        "1.0.0-rc1",
        "1.0.0\u0000",
        "٣.0.0",
        "9" * 99,
    ):
        body = {"name": "name", "version": version}
        expect_error(await alice.call("POST", "/api/models", body), 400, "x.y.z")
        expect_error(await alice.call("POST", f"/api/models/{model_id}/versions", body), 400, "x.y.z")
    for wrong in (b"1", b"1.0", b"null", b"[]", b"{}", b"true"):
        data = b'{"name": "name", "version": ' + wrong + b"}"
        expect_error(await alice.call("POST", "/api/models", data=data), 400, "version")
    message = expect_error(await alice.call("POST", f"/api/models/{model_id}/versions", {"version": "0.1.0"}), 400)
    assert "already exists" in message
    assert await snapshot(platform.database) == before


BAD_CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"timeout": {"status": -1}}, "timeout.status"),
    ({"timeout": {"run": 10**12}}, "timeout.run"),
    ({"timeout": {"run": 10**400}}, "timeout"),
    ({"timeout": {"run": 1.5}}, "timeout.run"),
    ({"timeout": {"run": "soon"}}, "timeout.run"),
    ({"timeout": 5}, "timeout"),
    ({"requirement": {"requirementId": 4711}}, "4711"),
    ({"requirement": {"requirementId": 2**63}}, "preset"),
    ({"requirement": {"requirementId": "big"}}, "requirementId"),
    ({"requirement": {"requirementId": 10**400}}, "preset"),
    ({"inputs": [TEXT_INPUT | {"maximumSize": -5}]}, "maximumSize"),
    ({"inputs": [TEXT_INPUT | {"maximumSize": 10**30}]}, "maximumSize"),
    ({"inputs": [TEXT_INPUT | {"name": "../../etc/passwd"}]}, "name"),
    ({"inputs": [TEXT_INPUT | {"name": "a\x00b"}]}, "name"),
    ({"inputs": [TEXT_INPUT | {"acceptedMediaTypes": "everything"}]}, "acceptedMediaTypes"),
    ({"inputs": [TEXT_INPUT, TEXT_INPUT]}, "once"),
    ({"inputs": []}, "inputs"),
    ({"inputs": {"name": "a"}}, "inputs"),
    ({"inputs": [{}]}, "name"),
    ({"inputs": [None]}, "inputs"),
    ({"outputs": [JSON_OUTPUT | {"mediaType": "json"}]}, "mediaType"),
    ({"statistics": [{"label": "F1", "value": "high"}]}, "value"),
    ({"statistics": [{}] * 101}, "statistics"),
    ({"statistics": [{"label": "F1", "notes": "x" * 1_000_000}]}, "statistics"),
    ({"processing": {"minimumParallelCapacity": 5, "maximumParallelCapacity": 1}}, "processing"),
    ({"processing": {"maximumParallelCapacity": -1}}, "processing"),
    ({"processing": {"maximumParallelCapacity": 10**9}}, "processing"),
    ({"inputValidationSchema": "{nonsense"}, "inputValidationSchema"),
    ({"inputValidationSchema": "[" * 100_000}, "inputValidationSchema"),
    ({"longDescription": "x" * 1_000_001}, "longDescription"),
    ({"longDescription": 5}, "longDescription"),
    ({"status": "retired"}, "retired"),
]


async def test_bad_changes_of_a_version(alice: AsgiClient, walk: Walk, platform: Platform) -> None:
    path = await walk.described()
    before = await snapshot(platform.database)
    for change, word in BAD_CHANGES:
        expect_error(await alice.call("PATCH", path, {"technicalDetails": "lost", **change}), 400, word)
    assert await snapshot(platform.database) == before


async def test_unknown_fields_are_ignored(alice: AsgiClient, walk: Walk) -> None:
    path = await walk.described()
    change = {"technicalDetails": "kept", "madeUp": {"deep": [1]}, "isActive": True, "timeout": {"run": 700, "walk": 1}}
    version = expect(await alice.call("PATCH", path, change))

    assert (version["technicalDetails"], version["timeout"]["run"], version["isActive"]) == ("kept", 700, False)
    expect(await alice.call("POST", "/api/models", {"name": "name", "version": "0.1.0", "more": 1}), 201)


NOT_JSON: list[bytes] = [
    b"",
    b"   ",
    b"{",
    b"nonsense",
    b"[1,2]",
    b"5",
    b'"text"',
    b"null",
    b'{"name": "a", "version": NaN}',
    b'{"name": Infinity}',
    b'{"name": "a", "version": "0.1.0",}',
    b"{'name': 'a'}",
    b'{"name": "\xff\xfe", "version": "0.1.0"}',
    b'{"name": "\\ud800", "version": "0.1.0"}',
    b'{"name": "\xed\xa0\x80", "version": "0.1.0"}',
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"name": ' + b"9" * 100_000 + b"}",
    b'{"name": 1e999999}',
    b"\x00",
    b"--edge\r\n",
]


async def test_bodies_that_are_not_json(alice: AsgiClient, walk: Walk, platform: Platform) -> None:
    model_id = await walk.active()
    path = f"/api/models/{model_id}"
    before = await snapshot(platform.database)
    for method, address in (
        ("POST", "/api/models"),
        ("POST", f"{path}/versions"),
        ("POST", "/api/jobs"),
    ):
        for body in NOT_JSON:
            for media_type in ("application/json", "text/plain", None):
                answer = await alice.call(method, address, data=body, headers={"content-type": media_type})
                expect_error(answer, 400)
    for body in NOT_JSON[2:5] + NOT_JSON[8:]:
        expect_error(await alice.call("PATCH", path, data=body, headers=JSON), 400)
    assert await snapshot(platform.database) == before


async def test_nul_in_texts_is_refused_by_the_name_of_the_field(alice: AsgiClient, walk: Walk) -> None:
    version = await walk.described()
    model = version.partition("/versions/")[0]
    for path, field in ((model, "description"), (version, "longDescription"), (version, "technicalDetails")):
        expect_error(await alice.call("PATCH", path, {field: "a\x00b"}), 400, field)


async def test_nul_and_control_characters_in_names(alice: AsgiClient, platform: Platform) -> None:
    before = await snapshot(platform.database)
    for name in ("a\x00b", "a\nb", "\x1b[31m", "\u202eabc", "x" * 101, "", " ", "<script>"):
        expect_error(await alice.call("POST", "/api/models", {"name": name, "version": "0.1.0"}), 400, "name")
    assert await snapshot(platform.database) == before


async def test_bodies_above_the_limit(alice: AsgiClient, platform: Platform) -> None:
    piece = b'{"name": "' + b"x" * 1_000_000
    count = platform.settings.max_body_bytes // 1_000_000 + 2
    answer = await alice.call("POST", "/api/models", data=[piece] * count, headers=JSON)
    expect_error(answer, 413, str(platform.settings.max_body_bytes))


async def test_bodies_above_the_limit_that_claim_to_be_multipart(alice: AsgiClient, platform: Platform) -> None:
    count = platform.settings.max_body_bytes // 1_000_000 + 2
    headers = {"content-type": "multipart/form-data; boundary=edge"}
    answer = await alice.call("POST", "/api/models", data=[b"x" * 1_000_000] * count, headers=headers)
    expect_error(answer, 413, str(platform.settings.max_body_bytes))


@pytest.mark.parametrize("piece", [b"[],", b"{},", b"0,", b'"a,b",'])
async def test_bodies_with_too_many_values(alice: AsgiClient, piece: bytes) -> None:
    data = b'{"name": [' + piece * 1_000_001 + b"1]}"
    expect_error(await alice.call("POST", "/api/models", data=data, headers=JSON), 413, "more than 1000000 values")


async def test_a_long_text_is_one_value(alice: AsgiClient) -> None:
    text = ',[{\\\\\\",' * 1_000_000
    data = ('{"version": "0.1.0", "name": "' + text + '"}').encode()
    expect_error(await alice.call("POST", "/api/models", data=data, headers=JSON), 400, "name")


async def test_nothing_is_read_before_the_key_is_known(anybody: AsgiClient) -> None:
    for path in ("/api/models", "/api/jobs"):
        answer = await anybody.call("POST", path, data=b"{not JSON", headers=JSON)
        expect_error(answer, 401)


BAD_KEYS: list[dict[str, str | None]] = [
    {"authorization": None},
    {"authorization": ""},
    {"authorization": "ApiKey"},
    {"authorization": "ApiKey nobody.nothing"},
    {"authorization": "ApiKey aliceprefix.wrong"},
    {"authorization": "Basic YWxpY2U6"},
    {"authorization": "Bearer aliceprefix.secret-of-Alice"},
    {"authorization": "ApiKey aliceprefix.secret-of-Alice", "modzy-team-id": "other"},
    {"authorization": "ApiKey \xff\xfe.\x00"},
    {"authorization": "ApiKey " + "x" * 60_000},
]
PUBLIC = {path for (_, path), rule in ROUTES.items() if rule is Open.PUBLIC}


async def test_wrong_or_missing_key_on_every_route(anybody: AsgiClient, walk: Walk, platform: Platform) -> None:
    await walk.active()
    before = await snapshot(platform.database)
    document = expect(await anybody.call("GET", "/api/openapi.json"))
    routes = [(method, path) for path, methods in document["paths"].items() for method in methods]
    assert len(routes) > 25
    for method, path in routes:
        if path in PUBLIC:
            continue
        for headers in BAD_KEYS if path in ("/api/models", "/api/jobs") else BAD_KEYS[:1]:
            answer = await anybody.call(method.upper(), path, {}, headers=headers)
            expect_error(answer, 401)
            assert answer.headers["www-authenticate"] == "ApiKey"
    assert await snapshot(platform.database) == before


async def test_somebody_elses_model(charlie: AsgiClient, bob: AsgiClient, walk: Walk, platform: Platform) -> None:
    model_id = await walk.active()
    path = f"/api/models/{model_id}"
    version = f"{path}/versions/0.1.0"
    job = {
        "model": {"identifier": model_id, "version": "0.1.0"},
        "input": {"type": "text", "sources": {"a": {"input.txt": "x"}}},
    }
    before = await snapshot(platform.database)
    for stranger in (charlie, bob):
        calls = [
            await stranger.call("GET", path),
            await stranger.call("PATCH", path, {"name": "mine"}),
            await stranger.call("POST", f"{path}/versions", {"version": "0.2.0"}),
            await stranger.call("GET", version),
            await stranger.call("PATCH", version, {"longDescription": "mine"}),
            await stranger.call("PATCH", f"{version}/processing", {"maximumParallelCapacity": 5}),
            await stranger.call("POST", f"{version}/container-image", {"registry": {"url": "registry.example/a:1"}}),
            await stranger.upload(f"{version}/container-image", b"x" * 100_000),
            await stranger.upload(f"{version}/testInput", b"x"),
            await stranger.upload(f"{path}/image", b"x"),
            await stranger.call("POST", f"{version}/load-process"),
            await stranger.call("GET", f"{version}/load-process"),
            await stranger.call("POST", f"{version}/run-process"),
            await stranger.call("PUT", f"{version}/sample-input", {"a": 1}),
            await stranger.call("GET", f"{version}/sample-output"),
            await stranger.call("POST", "/api/jobs", job),
        ]
        for answer in calls:
            expect_error(answer, 404)
        assert expect(await stranger.call("GET", "/api/models")) == []
        assert expect(await stranger.call("GET", "/api/models/latest")) == []
    assert await snapshot(platform.database) == before
    assert list(platform.uploads.iterdir()) == []


async def test_somebody_elses_job(alice: AsgiClient, charlie: AsgiClient, walk: Walk) -> None:
    model_id = await walk.active()
    body = {
        "model": {"identifier": model_id, "version": "0.1.0"},
        "input": {"type": "text", "sources": {"a": {"input.txt": "x"}}},
    }
    job = expect(await alice.call("POST", "/api/jobs", body), 202)["jobIdentifier"]
    for method, path in (("GET", "jobs"), ("DELETE", "jobs"), ("GET", "results")):
        expect_error(await charlie.call(method, f"/api/{path}/{job}"), 404)
    assert expect(await charlie.call("GET", "/api/jobs/history")) == []
    assert expect(await alice.call("GET", f"/api/jobs/{job}"))["status"] in {"SUBMITTED", "IN_PROGRESS"}


def _submission(model_id: str, **changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": {"identifier": model_id, "version": "0.1.0"},
        "input": {"type": "text", "sources": {"a": {"input.txt": "x"}}},
    }
    return body | changes


async def test_bad_submissions(alice: AsgiClient, walk: Walk, platform: Platform) -> None:
    model_id = await walk.active()
    embedded = {
        "no base64": "data:text/plain;base64,!!!",
        "no uri": "text",
        "short": "data:text/plain;base64,YQ",
        "no data": "data:",
        "plain": "data:text/plain,hello",
        "wrong type": "data:image/png;base64,YQ==",
        "number": 5,
        "spaces": "data:text/plain;base64,Y Q = =",
    }
    bad: list[tuple[dict[str, Any], int, str]] = [
        ({"input": {"type": "pigeon", "sources": {"a": {}}}}, 400, "pigeon"),
        ({"input": {"type": "text", "sources": {}}}, 400, "sources"),
        ({"input": {"type": "text"}}, 400, "sources"),
        ({"input": {"type": "text", "sources": {"a": {}}}}, 400, "missing"),
        ({"input": {"type": "text", "sources": {"a": {"input.txt": ["x"]}}}}, 400, "text"),
        ({"input": {"type": "text", "sources": {"": {"input.txt": "x"}}}}, 400, "name"),
        ({"input": "text"}, 400, "input"),
        ({"input": []}, 400, "input"),
        ({"model": {"identifier": model_id}}, 400, "version"),
        ({"model": {"identifier": model_id, "version": "9.9.9"}}, 404, "version"),
        ({"model": {"identifier": "nothing", "version": "0.1.0"}}, 404, "model"),
        ({"timeout": -1}, 400, "timeout"),
        ({"timeout": 10**15}, 400, "timeout"),
        ({"timeout": 10**400}, 400, "timeout"),
        ({"timeout": "soon"}, 400, "timeout"),
        ({"explain": "perhaps"}, 400, "explain"),
        *(
            ({"input": {"type": "embedded", "sources": {"a": {"input.txt": value}}}}, 400, "input")
            for value in embedded.values()
        ),
    ]
    for changes, status, word in bad:
        expect_error(await alice.call("POST", "/api/jobs", _submission(model_id, **changes)), status, word)
    assert await rows(platform.database, "jobs") == 0
    assert await rows(platform.database, "item_inputs") == 0


async def test_deep_and_large_values_in_a_submission(alice: AsgiClient, walk: Walk, platform: Platform) -> None:
    model_id = await walk.active()
    for depth in (50, 200, 500, 900, 5000, 100_000):
        deep = b'{"model":{"identifier":"%s","version":"0.1.0"},"input":{"type":"text","sources":{"a":%s}}}' % (
            model_id.encode(),
            b"[" * depth + b"]" * depth,
        )
        expect_error(await alice.call("POST", "/api/jobs", data=deep, headers=JSON), 400)
    assert await rows(platform.database, "jobs") == 0


async def test_samples_of_any_kind(alice: AsgiClient, walk: Walk) -> None:
    """Whatever JSON it is: it is stored as it was, or refused; never a failure of ours."""
    path = f"{await walk.model()}/sample-input"
    for body in (
        b"[" * 400 + b"]" * 400,
        b"9" * 30,
        b"9" * 5000,
        b"1e308",
        b"-0.0",
        b'"\\u0000"',
        b"[" * 990 + b"]" * 990,
    ):
        answer = await alice.call("PUT", path, data=body, headers=JSON)
        if answer.status == 200:
            assert (await alice.call("GET", path)).status == 200
            assert (await alice.call("GET", path.removesuffix("/sample-input"))).status == 200
        else:
            expect_error(answer, 400)
    for body in NOT_JSON[2:4] + NOT_JSON[8:]:
        expect_error(await alice.call("PUT", path, data=body, headers=JSON), 400)
