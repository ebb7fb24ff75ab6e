"""JSON Schemas of strangers: what is refused and where, what values break, and that everything ends."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from modelyard.core.json_schemas import LARGEST_SCHEMA, compile_schema, schema_problems
from modelyard.core.schema_keywords import Steps

PERSON = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://example.org/person",
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "pattern": "^[A-Z]", "maxLength": 20},
        "age": {"type": "integer", "minimum": 0},
        "children": {"type": "array", "items": {"$ref": "#"}, "uniqueItems": True},
        "pet": {"$ref": "#/$defs/pet"},
    },
    "additionalProperties": False,
    "$defs": {"pet": {"enum": ["cat", "dog"]}},
}


def _refused(schema: Any) -> list[str]:
    text = schema if isinstance(schema, str) else json.dumps(schema)
    return [problem.told_of("schema") for problem in schema_problems(text)]


def _broken(schema: Any, value: Any) -> list[str]:
    assert _refused(schema) == []
    return [problem.told_of() for problem in compile_schema(json.dumps(schema)).problems(value)]


def test_good_schemas() -> None:
    for schema in (PERSON, True, False, {}, {"properties": {"$schema": {}, "$id": {}, "$ref": {"type": "string"}}}):
        assert _refused(schema) == []


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        ({"name": "Ada", "age": 36, "children": [{"name": "Byron"}], "pet": "cat"}, []),
        ([], ["[] is not of type 'object'"]),
        ({}, ["the member 'name' is missing"]),
        ({"name": "ada"}, ["name: 'ada' does not match the pattern '^[A-Z]'"]),
        ({"name": "Ada", "age": -1}, ["age: -1 is less than the minimum of 0"]),
        ({"name": "Ada", "age": True}, ["age: True is not of type 'integer'"]),
        ({"name": "Ada", "children": [{"name": "B"}, {"age": 1}]}, ["children[1]: the member 'name' is missing"]),
        ({"name": "Ada", "children": [{"name": "B"}] * 2}, ["children: a list of 2 values has equal values"]),
        ({"name": "Ada", "pet": "cow"}, ["pet: 'cow' is not one of ['cat', 'dog']"]),
        ({"name": "Ada", "x y": 1}, ["the member 'x y' is not allowed"]),
        ({"name": "A" * 100}, [f"name: '{'A' * 80}…' is too long"]),
    ],
)
def test_values(value: Any, problems: list[str]) -> None:
    assert _broken(PERSON, value) == problems


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ("", "schema: not valid JSON"),
        ("{nonsense", "schema: not valid JSON"),
        ("5", "schema: a JSON Schema, which is an object"),
        ("[]", "schema: a JSON Schema, which is an object"),
        ('{"minimum": NaN}', "schema: not valid JSON"),
        ('{"title": "\\ud800"}', "schema: not valid JSON"),
        ("[" * 100_000, "schema: nested too deeply"),
        ('{"not":' * 100 + "{}" + "}" * 100, "schema: nested too deeply"),
        (" " * (LARGEST_SCHEMA + 1), "schema: at most 100000 characters"),
        ({"enum": list(range(6000))}, "schema: at most 5000 values"),
        ({"type": "txt"}, "schema.type: 'txt' is not valid"),
        ({"properties": {"a": {"minimum": "5"}}}, "schema.properties.a.minimum: '5' is not of type 'number'"),
        ({"properties": {"a b": 5}}, "schema.properties['a b']: 5 is not of type"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "schema.$schema: only https://json-schema.org"),
        ({"items": {"$id": "https://example.org/x"}}, "schema.items.$id: only at the top"),
        ({"items": {"$schema": "https://json-schema.org/draft/2020-12/schema"}}, "schema.items.$schema: only"),
        ({"$ref": "https://example.org/schema"}, "schema.$ref: only references into this schema"),
        ({"$ref": "file:///etc/passwd"}, "schema.$ref: only references into this schema"),
        ({"$ref": "#anchor", "$anchor": "anchor"}, "schema.$ref: only references into this schema"),
        ({"$ref": "#/$defs/nothing"}, "schema.$ref: only references into this schema"),
        ({"enum": [{"type": 5}], "$ref": "#/enum/0"}, "schema.$ref: only references into this schema"),
        ({"$ref": "#"}, "schema: refers to itself"),
        ({"items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"not": {"$ref": "#/$defs/a"}}}}, "refers to itself"),
        ({"allOf": [{"allOf": [{}] * 40}] * 40}, "schema: stands for more than 1000 schemas"),
        ({"$dynamicRef": "#a"}, "schema.$dynamicRef: this keyword is not supported"),
        ({"unevaluatedProperties": False}, "schema.unevaluatedProperties: this keyword is not supported"),
        ({f"x{number}": 1 for number in range(101)}, "schema: at most 100 keywords"),
        ({"pattern": "(?=a)"}, "schema.pattern: the pattern cannot be used: look-around"),
        ({"patternProperties": {"[": True}}, "schema.patternProperties['[']: the pattern cannot be used"),
        ({"pattern": r"\w{1000}"}, "schema.pattern: the pattern is too large"),
    ],
)
def test_refused_schemas(schema: Any, problem: str) -> None:
    assert any(problem in told for told in _refused(schema)), _refused(schema)


def test_all_problems_are_told() -> None:
    told = _refused(
        {"type": "txt", "minimum": "x", "items": {"required": "a", "pattern": "(?=a)", "$ref": "https://example.org"}}
    )

    assert {problem.split(": ")[0] for problem in told} == {
        "schema.type",
        "schema.minimum",
        "schema.items.required",
        "schema.items.$ref",
        "schema.items.pattern",
    }


WRONG: tuple[Any, ...] = (5, "x", None, [], {}, [5], {"x": 5}, True)


@pytest.mark.parametrize(
    "keyword", sorted([*Draft202012Validator.VALIDATORS, "$schema", "$id", "$defs", "definitions"])
)
def test_keywords_of_the_wrong_type(keyword: str) -> None:
    for wrong in WRONG:
        assert isinstance(_refused({keyword: wrong}), list)
        assert isinstance(_refused({"properties": {"a": {keyword: wrong}}}), list)


def test_schemas_that_double_at_every_level() -> None:
    levels = {f"a{level}": {"allOf": [{"$ref": f"#/$defs/a{level + 1}"}] * 2} for level in range(20)}

    assert len(_refused({"$ref": "#/$defs/a0", "$defs": levels | {"a20": {}}})) == 1


def _nested(levels: int) -> dict[str, Any]:
    return {"a": _nested(levels - 1)} if levels else {}


@pytest.mark.parametrize(
    ("schema", "value", "problem"),
    [
        ({"properties": {"a": {"allOf": [{"$ref": "#"}] * 2}}}, _nested(40), "takes too many steps"),
        ({"items": {"enum": list(range(4000))}}, [0] * 100_000, "takes too many steps"),
        ({"items": {"required": [f"x{number}" for number in range(4000)]}}, [{}] * 1000, "missing"),
        ({"contains": {"const": list(range(4000))}}, [[*range(3999), 0]] * 1000, "takes too many steps"),
        ({"pattern": "^(a|a)*$"}, "a" * 1_000_000 + "b", "does not match"),
        ({"pattern": "(abc){1000}"}, "a" * 100_000, "too long to be compared"),
        ({"uniqueItems": True}, [{"a": number} for number in range(50_000)] + [{"a": 1.0}], "has equal values"),
        ({"multipleOf": 0.1}, 10**400, "a number too large"),
        ({"properties": {"a": {"$ref": "#"}}}, _nested(65), "nested more than 64 levels"),
        ({"allOf": [{"anyOf": [{"type": "string"}, {"minItems": 1}]}] * 100}, [["x" * 1000] * 100] * 100, None),
    ],
)
def test_values_made_to_be_slow_end(schema: Any, value: Any, problem: str | None) -> None:
    problems = _broken(schema, value)

    assert bool(problems) == (problem is not None)
    assert all(len(told) < 600 for told in problems)
    assert problem is None or problem in problems[0]


def test_equal_values_are_those_of_json() -> None:
    assert _broken({"uniqueItems": True}, [1, True, "1", None, 0, False, [1], {"a": 1}, [True]]) == []
    assert _broken({"uniqueItems": True}, [[1], [1.0]]) != []


def test_steps_are_shared_by_values() -> None:
    steps = Steps(15)
    schema = compile_schema('{"items": {"type": "integer"}}')

    assert schema.problems([1, 2, 3], steps) == []
    assert schema.problems([1, 2, 3], steps) == []
    assert "too many steps" in schema.problems([1, 2, 3], steps)[0].text


def test_a_schema_is_made_ready_once() -> None:
    assert compile_schema('{"type": "null"}') is compile_schema('{"type": "null"}')


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({"anyOf": [{"pattern": f"a{number}"} for number in range(101)]}, "at most 100 different patterns"),
        ({"patternProperties": {f"a{{4990}}{number}": True for number in range(5)}}, "too large together"),
    ],
)
def test_patterns_are_counted_together(schema: dict[str, Any], problem: str) -> None:
    (found,) = schema_problems(json.dumps(schema))

    assert problem in found.text


def test_one_pattern_in_many_places_is_one() -> None:
    assert not schema_problems(json.dumps({"anyOf": [{"pattern": r"^\w{90}$"} for _ in range(200)]}))


def test_a_schema_with_a_pattern_that_is_not_taken_any_more_refuses_values() -> None:
    (problem,) = compile_schema(json.dumps({"pattern": "[a[b]]"})).problems("a")

    assert "cannot be applied: a class inside a class" in problem.text
