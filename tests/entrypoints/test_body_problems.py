"""What is wrong with a body is said in our words, at the place where the caller wrote it."""

import re
from enum import StrEnum
from itertools import product
from typing import Annotated, Any, Literal, get_args

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticKnownError
from pydantic_core._pydantic_core import list_all_errors
from pydantic_core.core_schema import ErrorType

from modelyard.entrypoints.body_numbers import Number, Whole
from modelyard.entrypoints.body_problems import told_problems
from modelyard.entrypoints.rest.app import ROUTERS

PYDANTIC = ("Input should", "Field required", "Extra inputs", "should have", "Value error", "valid string", "Unable to")


class _Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class _Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    text: str
    whole: Whole | None = None
    number: Number = 0
    flag: bool = False
    short: str = Field("", max_length=3, pattern="^a*$")
    least: int = Field(5, ge=1, lt=10)
    few: list[str] = Field([], max_length=1)
    words: dict[str, str] = {}
    colour: _Colour = _Colour.RED
    mode: Literal["r", "w"] = "r"

    @field_validator("mode", mode="before")
    @classmethod
    def _no_x(cls, value: object) -> object:
        if value == "x":
            raise ValueError("must not be x; use r or w")
        return value


class _Choice(BaseModel):
    identifier: str


class _Body(BaseModel):
    inner: list[_Inner] = []
    choices: list[str | _Choice] = []
    tags: list[str | dict[str, Any]] | None = None
    from_: Annotated[str, Field(alias="from")] = ""
    path: str = ""


def _told(body: object, kind: type[BaseModel] = _Body) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(body)
    told = told_problems(caught.value.errors(include_url=False), body)
    assert not [one for one in told if any(words in one for words in PYDANTIC)]
    return told


MEMBERS: list[tuple[dict[str, Any], str]] = [
    ({"text": 5}, "text: must be text, not a number"),
    ({"text": None}, "text: must be text, not null"),
    ({"text": ["a"]}, "text: must be text, not a list"),
    ({"whole": "x"}, "whole: must be a whole number, not text"),
    ({"whole": 1.5}, "whole: must be a whole number, not a fraction"),
    ({"whole": {}}, "whole: must be a whole number, not an object"),
    ({"whole": True}, "whole: must be a number, not true or false"),
    ({"whole": "9" * 5000}, "whole: is a number that is too large"),
    ({"number": "x"}, "number: must be a number, not text"),
    ({"number": []}, "number: must be a number, not a list"),
    ({"number": float("nan")}, "number: must be a finite number"),
    ({"flag": "maybe"}, "flag: must be true or false, not text"),
    ({"flag": {}}, "flag: must be true or false, not an object"),
    ({"short": "aaaa"}, "short: must have at most 3 characters"),
    ({"short": "b"}, "short: must match the pattern ^a*$"),
    ({"least": 0}, "least: must be at least 1"),
    ({"least": 10}, "least: must be less than 10"),
    ({"few": "x"}, "few: must be a list, not text"),
    ({"few": ["a", "b"]}, "few: must have at most 1 entries, not 2"),
    ({"few": [5]}, "few[0]: must be text, not a number"),
    ({"words": []}, "words: must be an object, not a list"),
    ({"words": {"a b": 5}}, "words['a b']: must be text, not a number"),
    ({"colour": "green"}, "colour: must be one of 'red' or 'blue'"),
    ({"mode": "q"}, "mode: must be one of 'r' or 'w'"),
    ({"mode": "x"}, "mode: must not be x; use r or w"),
    ({"other": 1}, "other: is unknown here: there is no such member"),
]


@pytest.mark.parametrize(("members", "words"), MEMBERS, ids=lambda value: str(value)[:40])
def test_each_kind_of_problem(members: dict[str, Any], words: str) -> None:
    assert _told({"inner": [{"text": ""}, {"text": "", **members}]}) == [f"inner[1].{words}"]


NO_OBJECT = "must be an object, not a number"
BODIES: list[tuple[Any, list[str]]] = [
    (None, ["body: must be an object, not null"]),
    ([], ["body: must be an object, not a list"]),
    (b"{}", ["body: must be an object, not something without the header Content-Type: application/json"]),
    ({"inner": {}}, ["inner: must be a list, not an object"]),
    (
        {"inner": [{}, 5]},
        ["inner[0].text: is missing; it has to be given", "inner[1]: must be an object, not a number"],
    ),
    ({"tags": ["a", 5]}, ["tags[1]: must be text or an object, not a number"]),
    ({"choices": [{}]}, ["choices[0].identifier: is missing; it has to be given"]),
    ({"choices": [True]}, ["choices[0]: must be text or an object, not true"]),
    ({"from": 5, "path": 5}, ["from: must be text, not a number", "path: must be text, not a number"]),
]


@pytest.mark.parametrize(("body", "told"), BODIES, ids=lambda value: str(value)[:40])
def test_places_are_those_that_the_caller_wrote(body: Any, told: list[str]) -> None:
    assert _told(body) == told


def test_no_value_is_repeated() -> None:
    secret = "correct horse battery"
    told = _told({"inner": [{"text": [secret], "whole": secret, "flag": secret, "mode": secret, "short": secret}]})
    assert len(told) == 5
    assert secret not in str(told)


def test_no_kind_of_problem_has_the_words_of_the_library() -> None:
    """Also those that no body of ours can have today."""
    assert {one["type"] for one in list_all_errors()} <= set(get_args(ErrorType))
    for known in list_all_errors():
        kind = known["type"]
        if kind in {"value_error", "assertion_error"}:  # these have the words of our checks
            continue
        error = PydanticKnownError(kind, known["example_context"])
        entry = {"type": kind, "loc": ("a",), "msg": error.message(), "ctx": known["example_context"], "input": "x"}
        [told] = told_problems([entry], {"a": "x"})
        assert error.message() not in told
        assert not any(words in told for words in PYDANTIC), told


def _members(kind: Any) -> list[str]:
    """What a body may have, also one that may be absent, or of another type as well."""
    bodies = [each for each in (kind, *get_args(kind)) if hasattr(each, "model_fields")]
    return [field.alias or name for body in bodies for name, field in body.model_fields.items()]


def test_every_body_of_the_api() -> None:
    """Each body, with members of each wrong type, told in our words and without names of types."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    bodies = [route.body_field for route in routes if route.body_field]
    assert len(bodies) > 20
    values: list[Any] = [5.5, "x", True, None, [5.5], [None], {"a": []}, [{}]]
    for body, wrong in product(bodies, values):
        members = _members(body.field_info.annotation)
        sent = dict.fromkeys(members, wrong)
        _, errors = body.validate(sent, {}, loc=("body",))
        told = told_problems([{**one, "loc": one["loc"][1:]} for one in errors or ()], sent)
        assert not [one for one in told if any(words in one for words in PYDANTIC)]
        assert {re.split(r"[:.[]", one)[0] for one in told} <= {*members, "body"}, told
