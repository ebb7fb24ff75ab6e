"""Bad input for cards, schemas and diffs: a clear error, and nothing changes."""

import json
from typing import Any

import pytest

from modelyard.app import Platform
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.domain.models.test_card_content import FULL
from tests.entrypoints.rest.steps import Walk, expect, expect_error, snapshot
from tests.library import TEXT_INPUT

JSON = {"content-type": "application/json"}
SCHEMA = f"/api/accounting/accounts/{CAST.alice.account_id}/card-schema"
WRONG: tuple[Any, ...] = (5, 1.5, True, [5], [[]], {"x": 1}, "\0", [None], {})
TEXTS = (
    "intendedUse",
    "outOfScopeUse",
    "trainingData",
    "evaluationData",
    "ethicalConsiderations",
    "caveats",
    "licence",
)


def _deep(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


RISKS: list[Any] = [5, "high", True, [], {"x": 1}, {"rating": 5}, {"rating": "\0"}]
GROUPS: list[Any] = [5, "x", {}, [5], [None], [[]], [{}]]
OF_A_GROUP: dict[str, list[Any]] = {
    "group": [5, "", " ", "\0", "x" * 1001, []],
    "metric": [5, "", "\0", {}],
    "value": ["high", [], {}, "\0", True],
    "sampleCount": [-1, True, 1.5, "many", 10**16, 10**400],
    "note": [5, "\0", "x" * 1001],
    "more": [1],
}
OF_A_CONTACT: dict[str, list[Any]] = {
    "name": [5, "\0", "x" * 1001],
    "email": [5, "ada", "a@b c", "<a@b>", "\0@x", "a" * 400 + "@b"],
    "url": [5, "javascript:alert(1)", "data:text/html,x", "//x", "https://", "https://a b", "https://\0"],
    "more": [1],
}


def _bad_members() -> list[tuple[dict[str, Any], str]]:
    bad: list[tuple[dict[str, Any], str]] = [({name: wrong}, name) for name in TEXTS for wrong in WRONG]
    bad += [({"risk": wrong}, "risk") for wrong in RISKS]
    bad += [({"metricsByGroup": wrong}, "metricsByGroup") for wrong in GROUPS]
    for name, wrongs in OF_A_GROUP.items():
        row = {"group": "a", "metric": "F1"}
        bad += [({"metricsByGroup": [row | {name: wrong}]}, f"metricsByGroup[0].{name}") for wrong in wrongs]
    for name, wrongs in OF_A_CONTACT.items():
        bad += [({"contacts": [{"name": "Ada"} | {name: wrong}]}, f"contacts[0].{name}") for wrong in wrongs]
    bad += [({"languages": wrong}, "languages") for wrong in (5, "en", [5], ["english language"], ["\0"], ["en"] * 101)]
    bad += [({"intededUse": "x"}, "intededUse"), ({"technicalDetails": "x"}, "technicalDetails")]
    bad += [({"caveats": "x" * 100_001}, "caveats"), ({"caveats": _deep(200)}, "caveats"), ({"x" * 5000: 1}, "xxx")]
    return bad


async def test_bad_members_of_a_card(alice: AsgiClient, walk: Walk, platform: Platform) -> None:
    path = f"/api/models/{await walk.active()}/versions/0.1.0/card"
    before = await snapshot(platform.database)
    for members, place in _bad_members():
        expect_error(await alice.call("PUT", path, FULL | members), 400, place)
    assert await snapshot(platform.database) == before


async def test_all_problems_of_a_card_in_one_answer(alice: AsgiClient, walk: Walk) -> None:
    path = f"/api/models/{await walk.active()}/versions/0.1.0/card"
    body = {
        "caveats": 5,
        "licence": "a\0b",
        "risk": {"rating": "enormous", "reason": []},
        "metricsByGroup": [{"group": "a", "metric": "b", "value": "x", "sampleCount": -1}, None, {"group": 5}],
        "contacts": [{"email": "nobody"}, {"url": 5, "surprise": 1}],
        "languages": ["en", 5, "?"],
        "unknown": 1,
    }
    message = expect_error(await alice.call("PUT", path, body), 400)

    for place in (
        "caveats: ",
        "licence: ",
        "risk.rating: ",
        "risk.reason: ",
        "metricsByGroup[0].value: ",
        "metricsByGroup[0].sampleCount: ",
        "metricsByGroup[1]: ",
        "metricsByGroup[2].group: ",
        "contacts[0].email: ",
        "contacts[1].url: ",
        "contacts[1].surprise: ",
        "languages[1]: ",
        "languages[2]: ",
        "unknown: ",
    ):
        assert place in message, (place, message)


NOT_JSON = [
    b"",
    b"{",
    b"5",
    b"null",
    b"[]",
    b'"text"',
    b'{"caveats": NaN}',
    b'{"metricsByGroup": [{"value": Infinity}]}',
    b'{"metricsByGroup": [{"value": 1e999}]}',
    b'{"caveats": "\\ud800"}',
    b'{"caveats": "\xed\xa0\x80"}',
    b'{"caveats": "\xff"}',
    b"[" * 100_000,
    b'{"caveats":' * 100_000,
    b'{"caveats": ' + b"[" * 900 + b"]" * 900 + b"}",
]


@pytest.mark.parametrize("body", NOT_JSON, ids=[str(number) for number in range(len(NOT_JSON))])
async def test_bodies_that_are_no_card(alice: AsgiClient, walk: Walk, platform: Platform, body: bytes) -> None:
    path = f"/api/models/{await walk.active()}/versions/0.1.0/card"
    before = await snapshot(platform.database)
    expect_error(await alice.call("PUT", path, data=body, headers=JSON), 400)
    assert await snapshot(platform.database) == before


@pytest.mark.parametrize(
    "body",
    [
        *NOT_JSON[:6],
        *NOT_JSON[9:],
        b'{"minimum": NaN}',
        b'{"type": "txt"}',
        b'{"$ref": "https://example.org/schema"}',
        b'{"$ref": "#"}',
        b'{"pattern": "(?=a)"}',
        b'{"pattern": "(((a{100}){100}){100})"}',
        b'{"title": "' + b"x" * 100_001 + b'"}',
        b'"{nonsense"',
        json.dumps({"not": {}} | {f"x{number}": 1 for number in range(200)}).encode(),
    ],
)
async def test_bad_schemas_of_an_account(olga: AsgiClient, platform: Platform, body: bytes) -> None:
    before = await snapshot(platform.database)
    expect_error(await olga.call("PUT", SCHEMA, data=body, headers=JSON), 400)
    assert await snapshot(platform.database) == before


async def test_a_schema_may_have_nul_in_its_words(olga: AsgiClient, alice: AsgiClient, walk: Walk) -> None:
    path = await walk.described()
    schema = {"properties": {"caveats": {"const": "\0"}}, "required": ["<script>", "\0"]}
    assert expect(await olga.call("PUT", SCHEMA, schema))["schema"] == schema

    assert len(expect(await alice.call("GET", f"{path}/card/problems"))["problems"]) == 2


async def test_html_is_kept_and_only_escaped_where_it_is_shown(alice: AsgiClient, walk: Walk) -> None:
    path = f"/api/models/{await walk.active()}/versions/0.1.0/card"
    html = "<script>alert('x')</script><img src=x onerror=alert(1)>&amp;\u202e😀"
    answer = await alice.call("PUT", path, {"caveats": html})

    assert expect(answer)["card"]["caveats"] == html
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_queries_that_say_nothing_useful(alice: AsgiClient, walk: Walk) -> None:
    path = f"/api/models/{await walk.active()}/versions/0.1.0"
    for query in (
        "at=%ff",
        "at=9999999999",
        "at=2026-13-01",
        "at=" + "1" * 5000,
        "at=0001-01-01T00:00:00%2B15:00",
    ):
        expect_error(await alice.call("GET", f"{path}/card?{query}"), 400, "at")
        expect_error(await alice.call("GET", f"{path}/card/export?{query}"), 400, "at")
    for query in ("format=" + "x" * 5000, "format=<script>"):
        expect_error(await alice.call("GET", f"{path}/card/export?{query}"), 400, "format")
    for other in ("9.9.9", "%ff", "A" * 5000, "latest", "'%20OR%201=1--"):
        expect_error(await alice.call("GET", f"{path}/diff/{other}"), 404, "no version")
        expect_error(await alice.call("GET", f"{path}/card/compare?with={other}"), 404, "no version")
    expect_error(await alice.call("GET", f"{path}/card/compare?revision=%00"), 400)
    expect_error(await alice.call("GET", f"{path}/card/revisions?per-page=x"), 400)


DEEP = _deep(100)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"technicalDetails": "\0"}, "technicalDetails"),
        ({"longDescription": "a\0"}, "longDescription"),
        ({"performanceSummary": "\0"}, "performanceSummary"),
        ({"versionHistory": "\0"}, "versionHistory"),
        ({"versionHistory": {"a": 1}}, "versionHistory"),
        ({"inputs": [TEXT_INPUT | {"description": "\0"}]}, "inputs[0].description"),
        ({"inputs": [TEXT_INPUT | {"description": DEEP}]}, "inputs[0].description"),
        ({"inputs": [TEXT_INPUT | {"maximumSize": 10**400}]}, "inputs[0].maximumSize"),
        ({"statistics": [{"label": "a", "more": DEEP}]}, "statistics"),
        ({"statistics": [{"label": "a", "more": "\0"}]}, "statistics"),
        ({"statistics": [{"label": "\0"}]}, "statistics[0].label"),
        ({"timeout": {"run": True}}, "timeout.run"),
        ({"requirement": {"requirementId": True}}, "requirement.requirementId"),
        ({"inputs": [TEXT_INPUT | {"maximumSize": True}]}, "inputs[0].maximumSize"),
        ({"statistics": [{"label": "a", "value": False}]}, "statistics[0].value"),
        ({"processing": {"maximumParallelCapacity": True}}, "processing.maximumParallelCapacity"),
        ({"statistics": [{"label": "a", "order": 1.5}]}, "statistics[0].order"),
        ({"statistics": [{"label": "a", "order": 10**30}]}, "statistics[0].order"),
        ({"statistics": [{"label": "a", "highlight": "perhaps"}]}, "statistics[0].highlight"),
        ({"inputValidationSchema": {"type": "txt"}}, "inputValidationSchema.type"),
        ({"inputValidationSchema": DEEP}, "inputValidationSchema"),
        ({"inputValidationSchema": {"not": {"not": {"$ref": "#"}}}}, "inputValidationSchema"),
        ({"inputValidationSchema": {"a": DEEP}}, "inputValidationSchema"),
        ({"inputValidationSchema": "NaN"}, "inputValidationSchema"),
        ({"inputValidationSchema": '{"\\ud800": 1}'}, "inputValidationSchema"),
    ],
)
async def test_bad_metadata(alice: AsgiClient, walk: Walk, platform: Platform, change: Any, place: str) -> None:
    path = await walk.described()
    before = await snapshot(platform.database)
    expect_error(await alice.call("PATCH", path, change), 400, place)
    assert await snapshot(platform.database) == before


async def test_a_summary_with_nul(alice: AsgiClient, walk: Walk) -> None:
    path = f"/api/models/{await walk.active()}"
    expect_error(await alice.call("PATCH", path, {"description": "a\0b"}), 400, "description")
