"""The schema of a version's inputs: which data it is compared with, and that an item fails by itself."""

import json
from dataclasses import replace
from typing import Any

import pytest

from modelyard.domain.inputs.items import InputValue, SourcesRejected
from modelyard.domain.inputs.schema_check import LARGEST_CHECKED, ItemsTooCostly, SchemaCheck, schema_check
from modelyard.domain.inputs.sources import read_items
from modelyard.domain.models.contract import DeclaredInput
from modelyard.domain.models.tables import Version

SCHEMA = {"type": "object", "required": ["age"], "properties": {"age": {"type": "integer"}}}


def _version(schema: Any = SCHEMA, **inputs: str) -> Version:
    entries = [
        {"name": name.replace("_", "."), "acceptedMediaTypes": types, "maximumSize": 10**8}
        for name, types in inputs.items()
    ]
    return Version(inputs=entries, input_validation_schema=json.dumps(schema) if schema is not None else "")


def _declared(version: Version) -> tuple[DeclaredInput, ...]:
    return tuple(
        DeclaredInput(entry["name"], tuple(entry["acceptedMediaTypes"].split(",")), entry["maximumSize"])
        for entry in version.inputs or []
    )


def _problem(version: Version, *values: InputValue) -> str | None:
    check = schema_check(version)
    assert check is not None
    return check.problem_of(values, _declared(version))


def test_one_json_input_is_the_value() -> None:
    version = _version(a="application/json", b="text/plain")
    text = InputValue("b", "", b"words")

    assert _problem(version, InputValue("a", "", b'{"age": 5}'), text) is None
    problem = _problem(version, InputValue("a", "", b'{"age": "x"}'), text)
    assert problem == "the input 'a' breaks the version's schema of inputs: age: 'x' is not of type 'integer'"


def test_several_json_inputs_are_the_members_of_an_object() -> None:
    schema = {"properties": {"a": SCHEMA, "b.json": {"type": "array"}}}
    version = _version(schema, a="application/json", b_json="*/*", c="text/plain")

    assert _problem(version, InputValue("a", "", b'{"age": 5}'), InputValue("b.json", "", b"[]")) is None
    problem = _problem(version, InputValue("a", "", b"{}"), InputValue("b.json", "", b"{}"))
    assert problem is not None
    assert problem.startswith("the JSON inputs break the version's schema of inputs: ")
    assert "a: the member 'age' is missing" in problem
    assert "['b.json']: an object of 0 members is not of type 'array'" in problem


@pytest.mark.parametrize(
    ("name", "accepts", "sent_as", "is_checked"),
    [
        ("a", "application/json", "", True),
        ("a", "application/json", "application/octet-stream", True),
        ("a", "application/json,text/plain", "", False),
        ("a", "application/json,text/plain", "application/octet-stream", False),
        ("a", "application/json,text/plain", "application/json; charset=utf-8", True),
        ("a", "application/json,text/plain", "text/plain", False),
        ("a.json", "text/plain", "text/plain", True),
        ("a.JSON", "*/*", "", True),
    ],
)
def test_what_counts_as_json(name: str, accepts: str, sent_as: str, is_checked: bool) -> None:
    version = _version(**{name.replace(".", "_"): accepts})

    assert (_problem(version, InputValue(name, sent_as, b"5")) is not None) is is_checked


def test_no_check_without_schema_or_json() -> None:
    assert schema_check(_version(None, a="application/json")) is None
    assert schema_check(_version(a="text/plain")) is None
    assert schema_check(Version(inputs=None, input_validation_schema="{}")) is None


@pytest.mark.parametrize(
    "data", [b"", b"{", b"NaN", b'{"age": NaN}', b'"\\ud800"', b"\xff\xfe", b"\xef\xbb\xbf{}", b"[" * 100_000, b"1e999"]
)
def test_data_that_is_no_json(data: bytes) -> None:
    problem = _problem(_version(a="application/json"), InputValue("a", "", data))

    assert problem is not None
    assert problem.startswith("the input 'a' is not valid JSON: ")
    assert len(problem) < 300


def test_data_that_is_nested_too_deeply() -> None:
    problem = _problem(_version(a="application/json"), InputValue("a", "", b"[" * 100 + b"]" * 100))

    assert problem is not None
    assert "nested more than 64 levels" in problem


def test_large_data_is_not_checked() -> None:
    problem = _problem(_version(a="application/json"), InputValue("a", "", b" " * LARGEST_CHECKED + b"5"))

    assert problem is not None
    assert "more than 10000000 bytes" in problem


def test_a_broken_item_fails_by_itself() -> None:
    version = _version(a="application/json")
    sources = {"good": {"a": '{"age": 1}'}, "bad": {"a": "{}"}, "worse": {"a": "{"}}
    good, bad, worse = read_items("text", sources, _declared(version), most_items=5, schema=schema_check(version))

    assert (good.error, len(good.values)) == (None, 1)
    assert bad.error is not None
    assert "the member 'age' is missing" in bad.error
    assert (bad.values, bad.size) == ((), 2)
    assert worse.error is not None
    assert "not valid JSON" in worse.error


def test_a_job_of_broken_items_is_refused() -> None:
    version = _version(a="application/json")
    with pytest.raises(SourcesRejected, match="the member 'age' is missing"):
        read_items("text", {"x": {"a": "{}"}}, _declared(version), most_items=5, schema=schema_check(version))


def test_many_costly_items_are_refused_together() -> None:
    version = _version({"items": {"type": "integer"}}, a="application/json")
    check = schema_check(version)
    assert isinstance(check, SchemaCheck)
    check = replace(check)
    check._left.left = 10
    with pytest.raises(ItemsTooCostly):
        check.problem_of([InputValue("a", "", json.dumps([1] * 100).encode())], _declared(version))
