"""All problems of a body come in one answer: those of type and those that only the domain finds."""

import json
from typing import Any

from sqlalchemy import update

from modelyard.app import Platform
from modelyard.domain.models.tables import Version
from tests.asgi import AsgiClient
from tests.entrypoints.rest.steps import Walk, expect, expect_error, snapshot
from tests.library import JSON_OUTPUT, TEXT_INPUT


async def test_problems_of_all_kinds_at_once(alice: AsgiClient, walk: Walk, platform: Platform) -> None:
    path = await walk.described()
    before = await snapshot(platform.database)
    body: dict[str, Any] = {
        "timeout": {"status": "soon", "run": 1},
        "requirement": {"requirementId": 4711},
        "inputs": [TEXT_INPUT, None, TEXT_INPUT | {"name": 5, "maximumSize": -1}, {"maximumSize": "big"}],
        "outputs": [JSON_OUTPUT | {"mediaType": "json"}, "none"],
        "statistics": [{"label": "F1", "value": "high"}, {"label": "x" * 300}],
        "processing": {"maximumParallelCapacity": -1},
        "inputValidationSchema": {"type": "txt"},
        "longDescription": ["no text"],
        "technicalDetails": "a\0b",
    }

    message = expect_error(await alice.call("PATCH", path, body), 400)

    for place in (
        "timeout.status: ",
        "timeout.run: 100 to 86400000 milliseconds, not 1",
        "inputs[1]: ",
        "inputs[2].name: ",
        "inputs[2].maximumSize: 1 to 100000000000 bytes, not -1",
        "inputs[3].name: ",
        "inputs[3].maximumSize: ",
        "outputs[0].mediaType: ",
        "outputs[1]: ",
        "statistics[0].value: ",
        "statistics[1].label: at most 200 characters",
        "processing: ",
        "inputValidationSchema.type: ",
        "longDescription: ",
        "technicalDetails: text without control",
        "requirement.requirementId: There is no hardware preset 4711",
    ):
        assert place in message, place
    assert message.count("inputs[1]") == 1
    assert "unread" not in message
    assert await snapshot(platform.database) == before


async def test_whole_members_of_the_wrong_type(alice: AsgiClient, walk: Walk) -> None:
    path = await walk.described()
    for member in ("requirement", "timeout", "inputs", "outputs", "statistics", "processing"):
        wrong: Any
        for wrong in (5, "text", True, [5]):
            message = expect_error(await alice.call("PATCH", path, {member: wrong, "technicalDetails": "\0"}), 400)
            assert member in message
            assert "technicalDetails: text without control" in message


async def test_a_schema_is_kept_as_it_was_written(alice: AsgiClient, walk: Walk) -> None:
    path = await walk.described()
    text = '{ "type": "object" }'
    assert expect(await alice.call("PATCH", path, {"inputValidationSchema": text}))["inputValidationSchema"] == text

    schema = {"type": "object", "title": "Größe"}
    kept = expect(await alice.call("PATCH", path, {"inputValidationSchema": schema}))["inputValidationSchema"]
    assert json.loads(kept) == schema
    assert "Größe" in kept

    assert expect(await alice.call("PATCH", path, {"inputValidationSchema": ""}))["inputValidationSchema"] == ""


async def test_items_are_compared_with_the_schema(alice: AsgiClient, walk: Walk, platform: Platform) -> None:
    path = await walk.described()
    inputs = [{"name": "row.json", "acceptedMediaTypes": "application/json", "maximumSize": 1000}]
    schema = {"type": "object", "required": ["age"], "properties": {"age": {"type": "integer"}}}
    expect(await alice.call("PATCH", path, {"inputs": inputs, "inputValidationSchema": schema}))
    async with platform.database.write() as session:
        await session.execute(update(Version).values(run_passed=True))
    expect(await alice.call("PATCH", path, {"status": "active"}))
    model_id = path.split("/")[3]
    job = {
        "model": {"identifier": model_id, "version": "0.1.0"},
        "input": {"type": "text", "sources": {"a": {"row.json": '{"age": 1}'}, "b": {"row.json": '{"age": "1"}'}}},
    }

    submitted = expect(await alice.call("POST", "/api/jobs", job), 202)
    results = expect(await alice.call("GET", f"/api/results/{submitted['jobIdentifier']}"))
    expect_error(await alice.call("PATCH", path, {"inputValidationSchema": "{}"}), 409, "schema of inputs")

    assert "age: '1' is not of type 'integer'" in results["failures"]["b"]["error"]
    assert "a" not in results["failures"]
