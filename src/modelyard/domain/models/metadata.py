"""Checks what people write about models and versions; all problems of a change come in one error."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from modelyard.core.errors import InvalidInput
from modelyard.core.harmless import is_unseen
from modelyard.core.json_schemas import schema_problems
from modelyard.core.places import told_once
from modelyard.core.shown_json import NestedTooDeeply, has_nul, shown, weight_of
from modelyard.domain.models.requirements import RequirementUnknown

SHORTEST_TIMEOUT_MS = 100
LONGEST_TIMEOUT_MS = 86_400_000
LARGEST_SIZE = 100_000_000_000
MOST_FIELDS = 100
MOST_ENGINES = 1000
LONGEST_TEXT = 1_000_000
LONGEST_SUMMARY = 10_000
LONGEST_LABEL = 200
"""Of a metric, its category and its type."""
LARGEST_ORDER = 2**31 - 1
LARGEST_STATISTICS = 20_000
"""Values in all metrics, members that nobody knows included."""
MOST_PROBLEMS = 100
"""Told at once; more of them are counted."""
_MODEL_NAME = re.compile(r"[\w][\w .()+-]{0,99}")
_FIELD_NAME = re.compile(r"[^/\\\x00-\x1f\x7f]{1,255}")
_NO_PROSE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+*-]+|\*/\*", re.ASCII)


class MetadataRejected(InvalidInput):
    """Some of the metadata cannot be used."""

    def __init__(self, problems: list[str]) -> None:
        told = problems[:MOST_PROBLEMS]
        if len(problems) > len(told):
            told.append(f"and {len(problems) - len(told)} more")
        super().__init__("; ".join(told) + ".")
        self.problems = problems


_NO_COLUMNS = {"status", "unread"}


@dataclass(frozen=True, slots=True)
class VersionChanges:
    """What to change of a version; None leaves a field as it is, lists replace.

    Args:
        unread: what whoever asks has sent and nobody could read, each with its place; it is told with the rest.
    """

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
    unread: tuple[str, ...] = ()

    @property
    def wants_active(self) -> bool:
        """Whether the version shall become active."""
        return self.status is not None and self.status.strip().lower() == "active"

    def values(self) -> dict[str, Any]:
        """The fields to change, by the names of the version's columns."""
        pairs = ((field.name, getattr(self, field.name)) for field in fields(self) if field.name not in _NO_COLUMNS)
        return {name: value for name, value in pairs if value is not None}


def check_model_name(name: str) -> str:
    """Returns the trimmed name. Raises MetadataRejected."""
    trimmed = name.strip()
    if not _MODEL_NAME.fullmatch(trimmed):
        raise MetadataRejected(
            ["name: 1 to 100 letters, digits, spaces and any of _ . ( ) + -, beginning with a letter, a digit or _"]
        )
    return trimmed


def check_summary(text: str) -> str:
    """Returns the text when it is short enough, and text. Raises MetadataRejected."""
    if problems := prose_problems("description", text, LONGEST_SUMMARY):
        raise MetadataRejected(problems)
    return text


def is_readable(name: str) -> bool:
    """Whether a name has no characters that nobody can see, or that turn others around."""
    return not any(map(is_unseen, name))


def check_changes(
    changes: VersionChanges,
    *,
    minimum_engines: int,
    maximum_engines: int,
    requirement_problem: RequirementUnknown | None = None,
) -> None:
    """Checks everything that needs no database.

    Args:
        minimum_engines, maximum_engines: what holds where the change does not say.
        requirement_problem: what is wrong with the preset; it is told with the rest, or by itself.

    Raises MetadataRejected.
    """
    problems = [
        *_timeout_problems("timeout.status", changes.status_timeout_ms),
        *_timeout_problems("timeout.run", changes.run_timeout_ms),
        *_field_problems("inputs", changes.inputs, "acceptedMediaTypes"),
        *_field_problems("outputs", changes.outputs, "mediaType"),
        *_statistics_problems(changes.statistics),
        *_text_problems(changes),
        *_schema_problems(changes.input_validation_schema),
        *_engine_problems(
            minimum_engines if changes.minimum_engines is None else changes.minimum_engines,
            maximum_engines if changes.maximum_engines is None else changes.maximum_engines,
        ),
    ]
    problems = told_once(changes.unread, problems)
    if requirement_problem is not None and problems:
        problems.append(f"requirement.requirementId: {requirement_problem.message.rstrip('.')}")
    if problems:
        raise MetadataRejected(problems)
    if requirement_problem is not None:
        raise requirement_problem


def _schema_problems(text: str | None) -> list[str]:
    return [problem.told_of("inputValidationSchema") for problem in schema_problems(text)] if text else []


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
    if (length := sum(len(entry["description"]) for entry in entries)) > LONGEST_TEXT and not problems:
        problems.append(f"{name}: at most {LONGEST_TEXT} characters of description in all, these have {length}")
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
    return problems + _all_prose({"description": entry["description"]}, LONGEST_TEXT)


def _statistics_problems(statistics: list[dict[str, Any]] | None) -> Iterator[str]:
    if statistics is None:
        return
    if len(statistics) > MOST_FIELDS:
        yield f"statistics: at most {MOST_FIELDS}, not {len(statistics)}"
        return
    for position, entry in enumerate(statistics):
        for problem in _statistic_problems(entry):
            yield f"statistics[{position}].{problem}"
    try:
        values = shown(statistics)
        if weight_of(values) > LARGEST_STATISTICS:
            yield f"statistics: at most {LARGEST_STATISTICS} values in all, not {weight_of(values)}"
        elif has_nul([{name: each for name, each in entry.items() if name not in _KNOWN} for entry in values]):
            yield "statistics: text without NUL characters"
        elif _length(values) > LONGEST_TEXT:
            yield f"statistics: at most {LONGEST_TEXT} characters of text in all"
    except NestedTooDeeply as error:
        yield f"statistics: {error}"


_KNOWN = {"label", "category", "type", "description"}


def _statistic_problems(entry: dict[str, Any]) -> list[str]:
    labels = {name: entry.get(name) or "" for name in ("label", "category", "type")}
    problems = _all_prose(labels, LONGEST_LABEL)
    problems += _all_prose({"description": entry.get("description") or ""}, LONGEST_TEXT)
    if abs(entry.get("order") or 0) > LARGEST_ORDER:
        problems.append(f"order: -{LARGEST_ORDER} to {LARGEST_ORDER}")
    return problems


def _length(value: Any) -> int:
    if isinstance(value, dict):
        return sum(len(name) + _length(each) for name, each in value.items())
    return sum(map(_length, value)) if isinstance(value, list) else len(str(value))


def _text_problems(changes: VersionChanges) -> list[str]:
    texts = {
        "longDescription": changes.long_description,
        "technicalDetails": changes.technical_details,
        "performanceSummary": changes.performance_summary,
        "versionHistory": changes.version_history,
    }
    return _all_prose({name: text for name, text in texts.items() if text is not None}, LONGEST_TEXT)


def _all_prose(texts: dict[str, str], longest: int) -> list[str]:
    return [problem for name, text in texts.items() for problem in prose_problems(name, text, longest)]


def prose_problems(name: str, text: str, longest: int) -> list[str]:
    """Prose may be written from right to left; but some databases take no NUL, and some screens obey the others."""
    if len(text) > longest:
        return [f"{name}: at most {longest} characters, this has {len(text)}"]
    if _NO_PROSE.search(text):
        return [f"{name}: text without control characters, but for tabs and line ends"]
    return []


def _engine_problems(minimum: int, maximum: int) -> list[str]:
    if 0 <= minimum <= maximum <= MOST_ENGINES:
        return []
    rule = f"0 <= minimumParallelCapacity <= maximumParallelCapacity <= {MOST_ENGINES}"
    return [f"processing: {rule}, not {minimum} and {maximum}"]
