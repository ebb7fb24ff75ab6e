"""Checks what people write about models and versions; all problems of a change come in one error."""

import json
import re
from dataclasses import dataclass, fields
from typing import Any

from modelyard.core.errors import InvalidInput
from modelyard.core.harmless import is_unseen

SHORTEST_TIMEOUT_MS = 100
LONGEST_TIMEOUT_MS = 86_400_000
LARGEST_SIZE = 100_000_000_000
MOST_FIELDS = 100
MOST_ENGINES = 1000
LONGEST_TEXT = 1_000_000
LONGEST_SUMMARY = 10_000
_MODEL_NAME = re.compile(r"[\w][\w .()+-]{0,99}")
_FIELD_NAME = re.compile(r"[^/\\\x00-\x1f\x7f]{1,255}")
_NO_PROSE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+*-]+|\*/\*", re.ASCII)


class MetadataRejected(InvalidInput):
    """Some of the metadata cannot be used."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems[:20]) + ".")


@dataclass(frozen=True, slots=True)
class VersionChanges:
    """What to change of a version; None leaves a field as it is, lists replace."""

    requirement_id: int | None = None
    status_timeout_ms: int | None = None
    run_timeout_ms: int | None = None
    inputs: list[dict[str, Any]] | None = None
    outputs: list[dict[str, Any]] | None = None
    statistics: list[dict[str, Any]] | None = None
    input_validation_schema: str | None = None
    long_description: str | None = None
    technical_details: str | None = None
    performance_summary: str | None = None
    version_history: str | None = None
    minimum_engines: int | None = None
    maximum_engines: int | None = None
    status: str | None = None

    @property
    def wants_active(self) -> bool:
        """Whether the version shall become active."""
        return self.status is not None and self.status.strip().lower() == "active"

    def values(self) -> dict[str, Any]:
        """The fields to change, by the names of the version's columns."""
        pairs = ((field.name, getattr(self, field.name)) for field in fields(self) if field.name != "status")
        return {name: value for name, value in pairs if value is not None}


def check_model_name(name: str) -> str:
    """Returns the trimmed name. Raises MetadataRejected."""
    trimmed = name.strip()
    if not _MODEL_NAME.fullmatch(trimmed):
        raise MetadataRejected(
            ["name: 1 to 100 letters, digits, spaces, dashes, underscores, dots or brackets, beginning with a letter"]
        )
    return trimmed


def check_summary(text: str) -> str:
    """Returns the text when it is short enough, and text. Raises MetadataRejected."""
    if problems := _prose_problems("description", text, LONGEST_SUMMARY):
        raise MetadataRejected(problems)
    return text


def is_readable(name: str) -> bool:
    """Whether a name has no characters that nobody can see, or that turn others around."""
    return not any(map(is_unseen, name))


def check_changes(changes: VersionChanges, *, minimum_engines: int, maximum_engines: int) -> None:
    """Checks everything that needs no database.

    Args:
        minimum_engines, maximum_engines: what holds where the change does not say.

    Raises MetadataRejected.
    """
    problems = [
        *_timeout_problems("timeout.status", changes.status_timeout_ms),
        *_timeout_problems("timeout.run", changes.run_timeout_ms),
        *_field_problems("inputs", changes.inputs, "acceptedMediaTypes"),
        *_field_problems("outputs", changes.outputs, "mediaType"),
        *_text_problems(changes),
        *_schema_problems(changes.input_validation_schema),
        *_engine_problems(
            minimum_engines if changes.minimum_engines is None else changes.minimum_engines,
            maximum_engines if changes.maximum_engines is None else changes.maximum_engines,
        ),
    ]
    if changes.statistics is not None and len(changes.statistics) > MOST_FIELDS:
        problems.append(f"statistics: at most {MOST_FIELDS}")
    if changes.statistics is not None and len(json.dumps(changes.statistics)) > LONGEST_TEXT:
        problems.append(f"statistics: at most {LONGEST_TEXT} characters of JSON")
    if problems:
        raise MetadataRejected(problems)


def _timeout_problems(name: str, value: int | None) -> list[str]:
    if value is None or SHORTEST_TIMEOUT_MS <= value <= LONGEST_TIMEOUT_MS:
        return []
    return [f"{name}: {SHORTEST_TIMEOUT_MS} to {LONGEST_TIMEOUT_MS} milliseconds, not {value}"]


def _field_problems(name: str, entries: list[dict[str, Any]] | None, media: str) -> list[str]:
    if entries is None:
        return []
    if not 1 <= len(entries) <= MOST_FIELDS:
        return [f"{name}: 1 to {MOST_FIELDS} of them, not {len(entries)}"]
    problems = []
    names = [entry["name"] for entry in entries]
    if len(set(names)) < len(names):
        problems.append(f"{name}: every name once")
    for position, entry in enumerate(entries):
        problems += [f"{name}[{position}].{text}" for text in _entry_problems(entry, media)]
    return problems


def _entry_problems(entry: dict[str, Any], media: str) -> list[str]:
    problems = []
    if not _FIELD_NAME.fullmatch(entry["name"]) or entry["name"] in {".", ".."} or not is_readable(entry["name"]):
        problems.append("name: a file name of 1 to 255 characters without slashes")
    types = [part.strip() for part in entry[media].split(",")]
    if not all(_MEDIA_TYPE.fullmatch(part) for part in types):
        problems.append(f"{media}: media types such as text/plain, with commas between")
    if not 1 <= entry["maximumSize"] <= LARGEST_SIZE:
        problems.append(f"maximumSize: 1 to {LARGEST_SIZE} bytes, not {entry['maximumSize']}")
    return problems + _prose_problems("description", entry["description"], LONGEST_TEXT)


def _text_problems(changes: VersionChanges) -> list[str]:
    texts = {
        "longDescription": changes.long_description,
        "technicalDetails": changes.technical_details,
        "performanceSummary": changes.performance_summary,
        "versionHistory": changes.version_history,
        "inputValidationSchema": changes.input_validation_schema,
    }
    return [problem for name, text in texts.items() if text for problem in _prose_problems(name, text, LONGEST_TEXT)]


def _prose_problems(name: str, text: str, longest: int) -> list[str]:
    """Prose may be written from right to left; but some databases take no NUL, and some screens obey the others."""
    if len(text) > longest:
        return [f"{name}: at most {longest} characters, this has {len(text)}"]
    if _NO_PROSE.search(text):
        return [f"{name}: text without control characters, but for tabs and line ends"]
    return []


def _schema_problems(text: str | None) -> list[str]:
    if not text:
        return []
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError):
        return ["inputValidationSchema: JSON text, or empty"]
    return [] if isinstance(schema, dict | bool) else ["inputValidationSchema: a JSON Schema, which is an object"]


def _engine_problems(minimum: int, maximum: int) -> list[str]:
    if 0 <= minimum <= maximum <= MOST_ENGINES:
        return []
    rule = f"0 <= minimumParallelCapacity <= maximumParallelCapacity <= {MOST_ENGINES}"
    return [f"processing: {rule}, not {minimum} and {maximum}"]
