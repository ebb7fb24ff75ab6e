"""JSON Schemas (2020-12) that strangers wrote: checked when they are set, and applied in bounded time."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
from jsonschema import Draft202012Validator, ValidationError  # type: ignore[import-untyped]
from referencing import Registry

from modelyard.core.linear_patterns import PatternRejected
from modelyard.core.schema_keywords import CountingValidator, Steps, TooCostly, current_steps
from modelyard.core.schema_rules import SchemaProblem, rule_problems
from modelyard.core.shown_json import NestedTooDeeply, shown, weight_of

LARGEST_SCHEMA = 100_000
"""Characters."""
MOST_VALUES = 5000
"""In one schema, at any depth."""
MOST_STEPS = 500_000
"""For one value: a second or two."""
MOST_PROBLEMS = 20
_LONGEST_PROBLEM = 300
_META: Any = Draft202012Validator(Draft202012Validator.META_SCHEMA)


class CompiledSchema:
    """A schema that is ready to be compared with values."""

    def __init__(self, text: str) -> None:
        schema = shown(msgspec.json.decode(text))
        if isinstance(schema, dict):
            for name in ("$schema", "$id"):  # they would have a say in which other schemas are known
                schema.pop(name, None)
        self._validator = CountingValidator(schema, registry=Registry())

    def problems(self, value: Any, steps: Steps | None = None, *, most: int = MOST_PROBLEMS) -> list[SchemaProblem]:
        """What is wrong with a value, each with its place; nothing when it is as the schema wants it.

        Args:
            steps: how many are left for this value and others; those for one value when not given.
        """
        token = current_steps.set(steps or Steps(MOST_STEPS))
        try:
            found = self._validator.iter_errors(shown(value))
            return [_problem(error) for error, _ in zip(found, range(most), strict=False)]
        except NestedTooDeeply as error:
            return [SchemaProblem((), str(error))]
        except TooCostly:
            return [SchemaProblem((), "comparing it with the schema takes too many steps")]
        except PatternRejected as error:  # the schema was set when the rules were others
            return [SchemaProblem((), f"the schema cannot be applied: {error}")]
        except (RecursionError, OverflowError):
            reason = "it cannot be compared with the schema: it is nested too deeply, or has a number too large"
            return [SchemaProblem((), reason)]
        finally:
            current_steps.reset(token)


@lru_cache(maxsize=64)
def compile_schema(text: str) -> CompiledSchema:
    """A schema in which `schema_problems` finds nothing, made ready once for each text."""
    return CompiledSchema(text)


def schema_problems(text: str) -> list[SchemaProblem]:
    """What is wrong with a text that should be a JSON Schema, each with its place in it."""
    try:
        schema = _read(text)
        problems = [_problem(error) for error, _ in zip(_META.iter_errors(schema), range(MOST_PROBLEMS), strict=False)]
        known = {problem.path for problem in problems}
        return problems + [problem for problem in rule_problems(schema)[:MOST_PROBLEMS] if problem.path not in known]
    except (NestedTooDeeply, RecursionError):
        return [SchemaProblem((), "nested too deeply")]
    except ValueError as error:
        return [SchemaProblem((), str(error))]


def _read(text: str) -> Any:
    """Raises ValueError with what is wrong, NestedTooDeeply, RecursionError."""
    if len(text) > LARGEST_SCHEMA:
        raise ValueError(f"at most {LARGEST_SCHEMA} characters, this has {len(text)}")
    try:
        schema = shown(msgspec.json.decode(text))
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise ValueError(f"not valid JSON: {error}") from None
    if not isinstance(schema, Mapping | bool):
        raise ValueError("a JSON Schema, which is an object")  # noqa: TRY004 - it is the text that is wrong
    if weight_of(schema) > MOST_VALUES:
        raise ValueError(f"at most {MOST_VALUES} values, this has {weight_of(schema)}")
    return schema


def _problem(error: ValidationError) -> SchemaProblem:
    return SchemaProblem(tuple(error.absolute_path), error.message[:_LONGEST_PROBLEM])
