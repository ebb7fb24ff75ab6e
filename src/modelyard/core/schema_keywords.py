"""The keywords of JSON Schema 2020-12 with their cost counted, so that no schema and no value takes for ever."""

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators  # type: ignore[import-untyped]

from modelyard.core.linear_patterns import TextTooLong, compile_pattern
from modelyard.core.shown_json import weight_of

UNSUPPORTED = frozenset(
    {"$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "unevaluatedItems", "unevaluatedProperties"}
)
"""Their cost cannot be foreseen."""
WORK_OF_A_STEP = 2000
"""Of patterns, see `linear_patterns.py`."""

_Errors = Iterator[ValidationError]
_Keyword = Callable[[Any, Any, Any, Any], Any]


class TooCostly(Exception):
    """Comparing the value with the schema takes too many steps."""


class Steps:
    """How many steps may still be taken; a step is one keyword at one value, about a millionth of a second."""

    def __init__(self, most: int) -> None:
        self.left = most

    def spend(self, steps: int) -> None:
        """Takes steps. Raises TooCostly when there are none left."""
        self.left -= steps
        if self.left < 0:
            raise TooCostly


current_steps: ContextVar[Steps] = ContextVar("steps of the validation under way")
_OF_THE_SCHEMA = {"required", "properties", "dependentRequired", "dependentSchemas", "enum", "const"}
_OF_THE_VALUE = {"items", "contains", "propertyNames", "uniqueItems"}


def _counted(name: str, keyword: _Keyword) -> _Keyword:
    def counting(validator: Any, argument: Any, value: Any, schema: Any) -> _Errors:
        steps = 1
        if name in _OF_THE_SCHEMA:
            steps += weight_of(argument)
        if name in _OF_THE_VALUE:
            steps += weight_of(value) if name == "uniqueItems" else len(value) if isinstance(value, dict | list) else 0
        current_steps.get().spend(steps)
        yield from keyword(validator, argument, value, schema) or ()

    return counting


def _is_in(pattern: str, text: str) -> bool:
    machine = compile_pattern(str(pattern))
    current_steps.get().spend(1 + machine.work(text) // WORK_OF_A_STEP)
    return machine.is_in(text)


def _pattern(validator: Any, pattern: str, value: Any, schema: Any) -> _Errors:
    if not isinstance(value, str):
        return
    try:
        if not _is_in(pattern, value):
            yield ValidationError(f"{value!r} does not match the pattern {pattern!r}")
    except TextTooLong as error:
        yield ValidationError(f"{value!r} is {error}")


def _pattern_properties(validator: Any, patterns: Any, value: Any, schema: Any) -> _Errors:
    if not isinstance(value, dict):
        return
    for pattern, subschema in patterns.items():
        for name, each in value.items():
            if _is_in(pattern, name):
                yield from validator.descend(each, subschema, path=name, schema_path=pattern)


def _additional_properties(validator: Any, further: Any, value: Any, schema: Any) -> _Errors:
    if not isinstance(value, dict):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    current_steps.get().spend(len(value))
    extras = [name for name in value if name not in known and not any(_is_in(pattern, name) for pattern in patterns)]
    if further is False:
        for name in extras[:1]:
            yield ValidationError(f"the member {name[:100]!r} is not allowed")
        return
    for name in extras:
        yield from validator.descend(value[name], further, path=name)


def _unique_items(validator: Any, is_wanted: bool, value: Any, schema: Any) -> _Errors:
    if is_wanted and isinstance(value, list) and len({_hashable(each) for each in value}) < len(value):
        yield ValidationError(f"{value!r} has equal values")


def _hashable(value: Any) -> Any:
    """Equal for values that JSON Schema calls equal: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, list):
        return ("list", *map(_hashable, value))
    if isinstance(value, dict):
        return ("object", frozenset((name, _hashable(each)) for name, each in value.items()))
    return (type(value) if isinstance(value, bool | str) or value is None else "number", value)


def _required(validator: Any, names: Any, value: Any, schema: Any) -> _Errors:
    if isinstance(value, dict):
        for name in names:
            if name not in value:
                yield ValidationError(f"the member {name[:100]!r} is missing")


_OURS: dict[str, _Keyword] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "uniqueItems": _unique_items,
    "required": _required,
}
_KEYWORDS = {
    name: _counted(name, _OURS.get(name, keyword))
    for name, keyword in Draft202012Validator.VALIDATORS.items()
    if name not in UNSUPPORTED
}
CountingValidator: Any = validators.create(
    meta_schema=Draft202012Validator.META_SCHEMA,
    validators=_KEYWORDS,
    type_checker=Draft202012Validator.TYPE_CHECKER,
    id_of=Draft202012Validator.ID_OF,
)
