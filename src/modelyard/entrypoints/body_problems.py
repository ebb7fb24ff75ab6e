"""Says in our words what is wrong with a body, where in it, and what is expected there."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_args

from pydantic_core.core_schema import ErrorType

from modelyard.core.places import place_of

_OBJECT = "an object"
_TIME = "a time such as 2026-01-02T03:04:05Z"
_WHOLE = "a whole number"
_EXPECTED = {
    "string_type": "text",
    "string_sub_type": "text",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": "a number",
    "float_parsing": "a number",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "iterable_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": _OBJECT,
    "mapping_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dataclass_type": _OBJECT,
    "typed_dict_type": _OBJECT,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "path_type": "the path of a file",
    "none_required": "null",
    "literal_error": "one of {expected}",
    "enum": "one of {expected}",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
}
"""What completes "must be …"; the braces are what pydantic says of the kind."""
_OF_WRONG_TYPE = ("_type", "_parsing", "_from_float")
_WORDS = {
    "missing": "is missing; it has to be given",
    "extra_forbidden": "is unknown here: there is no such member",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match the pattern {pattern}",
    "string_unicode": "must be text without broken characters",
    "too_short": "must have at least {min_length} entries, not {actual_length}",
    "too_long": "must have at most {max_length} entries, not {actual_length}",
    "int_parsing_size": "is a number that is too large",
    "invalid_key": "must have members whose names are text",
    "recursion_loop": "is nested too deeply",
}
_OUR_WORDS = {"value_error", "assertion_error"}
_ELSE = "has a value that cannot be used here; see the API's documentation for what can"
_KINDS: tuple[tuple[type, str], ...] = (
    (str, "text"),
    (list, "a list"),
    (dict, _OBJECT),
    (bytes, "something without the header Content-Type: application/json"),  # nobody has read it as JSON
)


class _Problem(NamedTuple):
    place: tuple[str | int, ...]
    is_one_way: bool
    """Whether what was sent could have been of another type instead."""
    kind: str
    entry: Mapping[str, Any]


def told_problems(entries: Sequence[Mapping[str, Any]], body: object, *, whole: str = "body") -> list[str]:
    """Each problem with its place, as `inputs[2].maximumSize: must be a whole number, not text`; each place once.

    Args:
        entries: what pydantic found, with locations that begin at the body, and with contexts.
        body: what was sent.
        whole: how to call a body that is wrong as a whole.
    """
    problems = [_problem(entry, body) for entry in entries]
    around = {problem.place[:length] for problem in problems for length in range(len(problem.place))}
    places: dict[tuple[str | int, ...], list[_Problem]] = {}
    for problem in problems:
        if not (problem.is_one_way and problem.place in around):  # it was of the right kind, and wrong inside
            places.setdefault(problem.place, []).append(problem)
    return [f"{place_of(place) or whole}: {_words(found)}" for place, found in places.items()]


def _problem(entry: Mapping[str, Any], body: object) -> _Problem:
    """Finds the place: a location also has names of types in it, which nobody wrote."""
    place: list[str | int] = []
    inner, loc = body, entry["loc"]
    is_one_way = False
    for position, part in enumerate(loc):
        is_last = position == len(loc) - 1
        if isinstance(inner, dict) and (part in inner or (is_last and entry["type"] == "missing")):
            inner = inner.get(part)
        elif isinstance(inner, list) and isinstance(part, int) and part < len(inner):
            inner = inner[part]
        else:
            is_one_way = True
            continue
        place.append(part)
    return _Problem(tuple(place), is_one_way, entry["type"], entry)


def _words(problems: Sequence[_Problem]) -> str:
    """What is wrong at one place: with several, each names a type that would do."""
    expected = [_filled(_EXPECTED[one.kind], one.entry) for one in problems if one.kind in _EXPECTED]
    others = [_other_words(one) for one in problems if one.kind not in _EXPECTED]
    if not expected:
        return " or ".join(dict.fromkeys(others))
    wanted = f"must be {' or '.join(dict.fromkeys(expected))}"
    sent = _sent(problems[0].entry.get("input")) if problems[0].kind.endswith(_OF_WRONG_TYPE) else ""
    if sent and not any(sent in each for each in expected):
        wanted += f", not {sent}"
    return " or ".join(dict.fromkeys([wanted, *others]))


def _other_words(problem: _Problem) -> str:
    if problem.kind in _WORDS:
        return _filled(_WORDS[problem.kind], problem.entry)
    if problem.kind in _OUR_WORDS or problem.kind not in get_args(ErrorType):  # a check of ours wrote it
        return str(problem.entry["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return _ELSE


def _filled(words: str, entry: Mapping[str, Any]) -> str:
    return words.format_map(entry.get("ctx") or {})


def _sent(value: object) -> str:
    """The kind of a value and never the value, which may be a password."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float) and math.isfinite(value) and not value.is_integer():
        return "a fraction"
    if isinstance(value, int | float):
        return "a number"
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "")
