"""Compares the JSON inputs of items with the schema that their version declares."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from modelyard.core.errors import TooLarge
from modelyard.core.json_schemas import MOST_STEPS, compile_schema
from modelyard.core.schema_keywords import Steps
from modelyard.domain.inputs.items import InputValue
from modelyard.domain.models.contract import ANY_MEDIA_TYPE, DeclaredInput, declared_inputs
from modelyard.domain.models.tables import Version

JSON = "application/json"
LARGEST_CHECKED = 10_000_000
"""Bytes of one JSON input."""
MOST_STEPS_OF_A_JOB = 5_000_000
"""Some ten seconds, in a thread of their own."""
MOST_SHOWN = 3


class ItemsTooCostly(TooLarge):
    """Comparing all items of a job with the schema takes too long."""

    def __init__(self) -> None:
        super().__init__(
            "Comparing the items of this job with the version's schema of inputs takes too many steps; "
            "submit fewer or smaller items at once, or ask the model's owner for a simpler schema."
        )


@dataclass(slots=True)
class SchemaCheck:
    """The schema of one version, for all items of one job.

    Where just one declared input can be JSON, the schema is of its value. Where several can, it is of an object that
    has their values by the names of the inputs.
    """

    schema: str
    names: frozenset[str]
    _left: Steps = field(default_factory=lambda: Steps(MOST_STEPS_OF_A_JOB))

    def concerns(self, name: str, media_type: str, declared: DeclaredInput) -> bool:
        """Whether an input of this name, sent with this type, is compared."""
        return name in self.names and _is_sent_as_json(InputValue(name, media_type, b""), declared)

    def problem_of(self, values: Iterable[InputValue], declared: Iterable[DeclaredInput]) -> str | None:
        """What is wrong with an item, with the place of it; None when nothing is. Raises ItemsTooCostly."""
        by_name = {entry.name: entry for entry in declared}
        found: dict[str, Any] = {}
        for value in values:
            if value.name not in self.names or not _is_sent_as_json(value, by_name[value.name]):
                continue
            if len(value.data) > LARGEST_CHECKED:
                return too_large_to_check(value.name)
            try:
                found[value.name] = msgspec.json.decode(value.data)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                return f"the input {value.name!r} is not valid JSON: {str(error)[:200]}"
        return self._compare(found) if found else None

    def _compare(self, found: Mapping[str, Any]) -> str | None:
        is_alone = len(self.names) == 1
        value = next(iter(found.values())) if is_alone else dict(found)
        most = min(MOST_STEPS, self._left.left)
        if most <= 0:
            raise ItemsTooCostly
        steps = Steps(most)
        problems = compile_schema(self.schema).problems(value, steps, most=MOST_SHOWN)
        self._left.left -= most - max(0, steps.left)
        if steps.left < 0 and most < MOST_STEPS:  # by itself the item may be fine
            raise ItemsTooCostly
        if not problems:
            return None
        what = f"the input {next(iter(found))!r} breaks" if is_alone else "the JSON inputs break"
        return f"{what} the version's schema of inputs: {'; '.join(problem.told_of() for problem in problems)}"


def schema_check(version: Version) -> SchemaCheck | None:
    """The check that a version asks for; None without a schema, or without inputs that can be JSON."""
    names = frozenset(entry.name for entry in declared_inputs(version) if _can_be_json(entry))
    return SchemaCheck(version.input_validation_schema, names) if version.input_validation_schema and names else None


def too_large_to_check(name: str) -> str:
    """What is wrong with JSON of more than `LARGEST_CHECKED` bytes."""
    return f"the input {name!r} is JSON of more than {LARGEST_CHECKED} bytes, which is not checked; send less"


def _can_be_json(declared: DeclaredInput) -> bool:
    return _is_json_file(declared.name) or JSON in declared.media_types


def _is_sent_as_json(value: InputValue, declared: DeclaredInput) -> bool:
    """By the type that it was sent with; where that says nothing, by the only type that the input accepts."""
    sent_as = value.media_type.split(";", maxsplit=1)[0].strip().lower()
    says_nothing = sent_as in ("", ANY_MEDIA_TYPE)
    return _is_json_file(declared.name) or sent_as == JSON or (says_nothing and declared.media_types == (JSON,))


def _is_json_file(name: str) -> bool:
    return name.lower().endswith(".json")
