"""Whether everything that one JSON Schema takes is taken by another, as far as that can be told by looking."""

import json
from collections.abc import Mapping
from typing import Any

ANNOTATIONS = {"$schema", "$id", "$comment", "title", "description", "default", "examples", "deprecated", "format"}
"""They say something to people, and refuse nothing: `format` is not enforced."""
_MINIMA = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
_MAXIMA = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}
_TOGETHER = ({"if", "then", "else"}, {"contains", "minContains", "maxContains"})
"""Keywords that mean something only with one another: compared as a whole."""
_OBJECTS = {"properties", "additionalProperties", "patternProperties"}
_LISTS = {"items", "prefixItems"}


def is_same_check(old: Any, new: Any) -> bool:
    """Whether two schemas differ at most in annotations."""
    return _same(_bare(old), _bare(new))


def takes_all_of(old: Any, new: Any) -> bool:
    """Whether the new schema surely takes whatever the old one takes. False when one cannot tell."""
    return is_same_check(old, new) or (not _refers(old) and not _refers(new) and _loosened(_bare(old), _bare(new)))


def _loosened(old: Any, new: Any) -> bool:
    if _same(old, new) or old is False or new is True or new == {}:
        return True
    if old is True:
        old = {}
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return False
    for group in _TOGETHER:
        if not _same({name: old.get(name) for name in group}, {name: new.get(name) for name in group}):
            return False
    others = new.keys() - set().union(*_TOGETHER) - _OBJECTS - _LISTS
    return (
        _objects_loosened(old, new)
        and _lists_loosened(old, new)
        and all(name in old and _keyword_loosened(name, old[name], new[name]) for name in others)
    )


def _keyword_loosened(name: str, before: Any, after: Any) -> bool:
    if name == "type":
        return _types(before) <= _types(after)
    if name == "required":
        return set(after) <= set(before)
    if name == "enum":
        return {_canonical(value) for value in before} <= {_canonical(value) for value in after}
    if name in _MINIMA or name in _MAXIMA:
        return bool(after <= before if name in _MINIMA else after >= before)
    return _same(before, after)


def _refers(schema: Any) -> bool:
    """Whether there are references in it: what they mean depends on where they stand."""
    return '"$ref"' in _canonical(schema)


def _same(one: Any, other: Any) -> bool:
    return _canonical(one) == _canonical(other)


def _canonical(value: Any) -> str:
    """Unlike for Python, 1 and true are different values here."""
    return json.dumps(value, sort_keys=True)


def _types(value: Any) -> set[str]:
    types = {value} if isinstance(value, str) else set(value)
    return types | {"integer"} if "number" in types else types


def _objects_loosened(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Every member that the old schema takes has to be taken, whichever of the keywords speaks of it."""
    patterns = old.get("patternProperties", {})
    if not _same(patterns, new.get("patternProperties", {})):
        return False
    before, after = old.get("properties", {}), new.get("properties", {})
    rest_before, rest_after = old.get("additionalProperties", True), new.get("additionalProperties", True)
    if patterns and (before.keys() != after.keys() or not _same(rest_before, rest_after)):
        return False
    named = all(_loosened(before.get(name, rest_before), after.get(name, rest_after)) for name in {**before, **after})
    return named and _loosened(rest_before, rest_after)


def _lists_loosened(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    if not _same(old.get("prefixItems"), new.get("prefixItems")):
        return False
    return _loosened(old.get("items", True), new.get("items", True))


def _bare(schema: Any) -> Any:
    """Without annotations, at any depth where there are schemas; members of other values stay as they are."""
    if not isinstance(schema, Mapping):
        return schema
    return {name: _bare_argument(name, each) for name, each in schema.items() if name not in ANNOTATIONS}


def _bare_argument(name: str, argument: Any) -> Any:
    if name in {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}:
        return {each: _bare(schema) for each, schema in argument.items()}
    if name in {"allOf", "anyOf", "oneOf", "prefixItems"}:
        return [_bare(schema) for schema in argument]
    if name in {"const", "enum", "required", "dependentRequired"}:
        return argument
    return _bare(argument)
