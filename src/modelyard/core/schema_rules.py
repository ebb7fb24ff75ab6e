"""What a JSON Schema of a stranger must not do: refer elsewhere or in circles, grow without end, use slow patterns."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from modelyard.core.linear_patterns import MOST_KEPT, PatternRejected, compile_pattern, pattern_size
from modelyard.core.places import place_of
from modelyard.core.schema_keywords import UNSUPPORTED

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MOST_KEYWORDS = 100
"""Of one schema object."""
MOST_ALTERNATIVES = 1000
"""Schemas that are compared with one and the same value."""
MOST_PATTERNS = MOST_KEPT
"""Different ones in one schema; if they were more, each would be made ready again and again."""
LARGEST_PATTERNS = 20_000
"""States of all of them, see `linear_patterns.py`: a tenth of a second to make ready."""
LONGEST_CHAIN = 30
"""Schemas that refer to one another for one value."""
_SAME_VALUE = {"not", "if", "then", "else", "allOf", "anyOf", "oneOf", "dependentSchemas"}
_SINGLE = {"not", "if", "then", "else", "items", "contains", "additionalProperties", "propertyNames"}
_LISTS = {"allOf", "anyOf", "oneOf", "prefixItems"}
_MAPS = {"dependentSchemas", "properties", "patternProperties", "$defs", "definitions"}

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """What is wrong, and where: in a schema, or in a value that breaks it."""

    path: Path
    text: str

    def told_of(self, *around: str | int) -> str:
        """As a sentence with the place, beginning where the whole thing stands."""
        place = place_of((*around, *self.path))
        return f"{place}: {self.text}" if place else self.text


def rule_problems(schema: Any) -> list[SchemaProblem]:
    """Everything that a schema does and must not do; what is of the wrong type is somebody else's business."""
    schemas = dict(_walk(schema, ()))
    if problem := _too_many_patterns(schemas):
        return [problem]
    problems = [problem for path, each in schemas.items() for problem in _problems_of(path, each, schemas)]
    return problems or list(_chain_problems(schemas))


def _walk(schema: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    yield path, schema
    if isinstance(schema, Mapping):
        for step, each in _parts(schema):
            yield from _walk(each, path + step)


def _parts(schema: Mapping[str, Any], keywords: set[str] = _SINGLE | _LISTS | _MAPS) -> Iterator[tuple[Path, Any]]:
    for keyword, value in schema.items():
        if keyword not in keywords:
            continue
        if keyword in _SINGLE:
            yield (keyword,), value
        elif keyword in _LISTS and isinstance(value, list):
            yield from (((keyword, position), each) for position, each in enumerate(value))
        elif keyword in _MAPS and isinstance(value, Mapping):
            yield from (((keyword, name), each) for name, each in value.items())


def _problems_of(path: Path, schema: Any, schemas: Mapping[Path, Any]) -> Iterator[SchemaProblem]:
    if not isinstance(schema, Mapping):
        return
    if len(schema) > MOST_KEYWORDS:
        yield SchemaProblem(path, f"at most {MOST_KEYWORDS} keywords in one schema, this has {len(schema)}")
    for keyword in sorted(schema.keys() & UNSUPPORTED):
        yield SchemaProblem((*path, keyword), "this keyword is not supported here")
    if str(schema.get("$schema", DIALECT)).rstrip("#") != DIALECT or (path and "$schema" in schema):
        yield SchemaProblem((*path, "$schema"), f"only {DIALECT}, and only at the top")
    if path and "$id" in schema:
        yield SchemaProblem((*path, "$id"), "only at the top")
    if "$ref" in schema and _target(str(schema["$ref"])) not in schemas:
        reason = "only references into this schema, such as #/$defs/name, to a schema that is there"
        yield SchemaProblem((*path, "$ref"), reason)
    for step, pattern in _patterns_of(schema):
        try:
            compile_pattern(pattern)
        except PatternRejected as error:
            yield SchemaProblem(path + step, str(error))


def _patterns_of(schema: Any) -> Iterator[tuple[Path, str]]:
    if not isinstance(schema, Mapping):
        return
    if isinstance(pattern := schema.get("pattern"), str):
        yield ("pattern",), pattern
    if isinstance(by_pattern := schema.get("patternProperties"), Mapping):
        yield from ((("patternProperties", name), str(name)) for name in by_pattern)


def _too_many_patterns(schemas: Mapping[Path, Any]) -> SchemaProblem | None:
    """Told before any is made ready, which takes time and memory."""
    patterns = {pattern for schema in schemas.values() for _, pattern in _patterns_of(schema)}
    if len(patterns) > MOST_PATTERNS:
        return SchemaProblem((), f"at most {MOST_PATTERNS} different patterns, this has {len(patterns)}")
    if len(patterns) > 1 and sum(map(pattern_size, patterns)) > LARGEST_PATTERNS:
        return SchemaProblem((), "the patterns are too large together; use fewer or smaller repetitions, or maxLength")
    return None


def _target(reference: str) -> Path | None:
    """The path that a reference leads to; None for one that leads elsewhere."""
    if reference == "#":
        return ()
    if not reference.startswith("#/"):
        return None
    parts = [unquote(part).replace("~1", "/").replace("~0", "~") for part in reference[2:].split("/")]
    path: list[str | int] = []
    for part in parts:
        is_position = bool(path) and path[-1] in _LISTS and (len(path) < 2 or path[-2] not in _MAPS)
        path.append(int(part) if is_position and part.isascii() and part.isdigit() and len(part) < 6 else part)
    return tuple(path)


def _chain_problems(schemas: Mapping[Path, Any]) -> Iterator[SchemaProblem]:
    """Circles, and schemas that multiply: both by way of what is compared with the same value."""
    costs: dict[Path, int] = {}
    for path in schemas:
        try:
            cost = _cost(path, schemas, costs, 0)
        except RecursionError:
            yield SchemaProblem(path, f"refers to itself, or through more than {LONGEST_CHAIN} schemas, for one value")
            return
        if cost > MOST_ALTERNATIVES:
            yield SchemaProblem(path, f"stands for more than {MOST_ALTERNATIVES} schemas for one value")
            return


def _cost(path: Path, schemas: Mapping[Path, Any], costs: dict[Path, int], level: int) -> int:
    if path not in costs:
        if level > LONGEST_CHAIN:
            raise RecursionError
        schema = schemas[path]
        cost = 1
        if isinstance(schema, Mapping):
            followed = [path + step for step, _ in _parts(schema, _SAME_VALUE)]
            target = _target(str(schema["$ref"])) if "$ref" in schema else None
            followed += [target] if target is not None else []
            cost += sum(_cost(each, schemas, costs, level + 1) for each in followed)
        costs[path] = cost
    return costs[path]
