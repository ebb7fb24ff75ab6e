"""Whether a JSON Schema takes all that another one takes: yes only where that is sure."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard.core.json_schemas import compile_schema, schema_problems
from modelyard.domain.models.schema_loosening import is_same_check, takes_all_of

OBJECT: dict[str, Any] = {
    "type": "object",
    "required": ["a", "b"],
    "properties": {"a": {"type": "integer", "minimum": 1}},
}


@pytest.mark.parametrize(
    ("old", "new", "is_looser"),
    [
        (OBJECT, OBJECT, True),
        (OBJECT, {}, True),
        (OBJECT, True, True),
        (False, OBJECT, True),
        (True, OBJECT, False),
        ({}, OBJECT, False),
        (OBJECT, OBJECT | {"required": ["a"]}, True),
        (OBJECT, OBJECT | {"required": ["a", "b", "c"]}, False),
        (OBJECT, OBJECT | {"type": ["object", "null"]}, True),
        (OBJECT | {"type": ["object", "null"]}, OBJECT, False),
        ({"type": "integer"}, {"type": "number"}, True),
        ({"type": "number"}, {"type": "integer"}, False),
        ({"minimum": 5}, {"minimum": 4}, True),
        ({"minimum": 5}, {"minimum": 6}, False),
        ({"maxLength": 5}, {"maxLength": 6}, True),
        ({"maxLength": 5}, {"maxLength": 4}, False),
        ({}, {"maxLength": 4}, False),
        ({"enum": [1, 2]}, {"enum": [2, 1, 3]}, True),
        ({"enum": [1, 2]}, {"enum": [1]}, False),
        ({"enum": [1]}, {"enum": [True]}, False),
        ({"const": 1}, {"const": True}, False),
        (OBJECT, OBJECT | {"properties": {"a": {"type": "integer"}}}, True),
        (OBJECT, OBJECT | {"properties": {"a": {"type": "integer", "minimum": 2}}}, False),
        (OBJECT, OBJECT | {"properties": OBJECT["properties"] | {"c": {"type": "string"}}}, False),
        (
            OBJECT | {"additionalProperties": False},
            OBJECT | {"additionalProperties": False, "properties": OBJECT["properties"] | {"c": {}}},
            True,
        ),
        (OBJECT | {"additionalProperties": False}, OBJECT, True),
        (OBJECT, OBJECT | {"additionalProperties": False}, False),
        (
            {"additionalProperties": False, "properties": {"a": {}, "b": {}}},
            {"additionalProperties": False, "properties": {"a": {}}},
            False,
        ),
        ({"items": {"maximum": 1}}, {"items": {"maximum": 2}}, True),
        ({"items": {"maximum": 2}}, {"items": {"maximum": 1}}, False),
        ({"pattern": "a"}, {"pattern": "b"}, False),
        ({"not": {"minimum": 5}}, {"not": {"minimum": 4}}, False),
        ({"if": {}, "then": {"minimum": 1}}, {"if": {}, "then": {"minimum": 0}}, False),
        ({"contains": {}, "minContains": 0}, {"contains": {}}, False),
        (
            {"$ref": "#/$defs/a", "$defs": {"a": {"minimum": 1}}},
            {"$ref": "#/$defs/a", "$defs": {"a": {"minimum": 0}}},
            False,
        ),
        ({"allOf": [{}]}, {"allOf": [{}], "title": "All"}, True),
    ],
)
def test_looser(old: Any, new: Any, is_looser: bool) -> None:
    assert takes_all_of(old, new) is is_looser


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        (OBJECT, OBJECT | {"title": "A", "description": "B", "examples": [1], "default": {}}, True),
        (
            {"properties": {"title": {"type": "string"}}},
            {"properties": {"title": {"type": "string", "title": "T"}}},
            True,
        ),
        ({"properties": {"title": {"type": "string"}}}, {"properties": {}}, False),
        ({"enum": [{"title": 1}]}, {"enum": [{"title": 2}]}, False),
    ],
)
def test_annotations_change_nothing(old: Any, new: Any, is_same: bool) -> None:
    assert is_same_check(old, new) is is_same


_VALUES = st.recursive(
    st.sampled_from([None, True, 0, 1, 2.5, -3, "", "a", "ab"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=5,
)
_SMALL = st.integers(-1, 3)


def _schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from("abc")
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["integer", "number", "string", "object", "array", ["string", "null"]]),
            "minimum": _SMALL,
            "maximum": _SMALL,
            "maxLength": st.integers(0, 2),
            "minItems": st.integers(0, 2),
            "required": st.lists(names, unique=True, max_size=2),
            "properties": st.dictionaries(names, inner, max_size=2),
            "additionalProperties": inner | st.booleans(),
            "items": inner,
            "enum": st.lists(_VALUES, min_size=1, max_size=3),
            "not": inner,
        },
    )


_SCHEMAS = st.recursive(st.booleans() | _schemas(st.booleans()), _schemas, max_leaves=4)


@settings(max_examples=300, deadline=None)
@given(_SCHEMAS, _SCHEMAS, st.lists(_VALUES, min_size=1, max_size=8))
def test_what_is_called_looser_takes_what_the_other_takes(old: Any, new: Any, values: list[Any]) -> None:
    texts = json.dumps(old), json.dumps(new)
    if any(map(schema_problems, texts)) or not takes_all_of(old, new):
        return
    before, after = map(compile_schema, texts)

    assert [value for value in values if not before.problems(value) and after.problems(value)] == []
