"""What the pages call the places of a version, and in which units they say what is wrong there."""

import re
from collections.abc import Callable, Mapping, Sequence

from modelyard.domain.models.card_content import TEXTS
from modelyard.entrypoints.web.typed_values import seconds_text, size_text

_LABELS: Mapping[str, str] = {
    "name": "Name",
    "description": "Summary",
    "version": "Version",
    "requirement.requirementId": "Hardware",
    "timeout.status": "Time until the model is ready",
    "timeout.run": "Time for one run",
    "processing": "Engines",
    "processing.minimumParallelCapacity": "Engines, at least",
    "processing.maximumParallelCapacity": "Engines, at most",
    "inputs": "Inputs",
    "outputs": "Outputs",
    "inputValidationSchema": "JSON Schema",
    "statistics": "Metrics",
    "longDescription": "Description",
    "versionHistory": "Release notes",
    "performanceSummary": "Performance",
    "technicalDetails": "Technical details",
    "metricsByGroup": "Metrics by group",
    "risk.rating": "Risk, rating",
    "risk.reason": "Risk, why",
    "licence": "Licence",
    "languages": "Languages",
    "contacts": "Contacts",
    **TEXTS,
}
_ROWS = {
    "inputs": "Input",
    "outputs": "Output",
    "statistics": "Metric",
    "metricsByGroup": "Group",
    "contacts": "Contact",
    "languages": "Language",
}
_COLUMNS = {
    "inputs.name": "file name",
    "outputs.name": "file name",
    "acceptedMediaTypes": "media types",
    "mediaType": "media type",
    "maximumSize": "at most",
    "statistics.label": "name",
    "statistics.type": "kind",
    "statistics.description": "what it says",
    "sampleCount": "samples",
    "email": "e-mail",
    "url": "address",
}
_IN_ROW = re.compile(r"(\w+)\[(\d+)\](?:\.(\w+))?", re.ASCII)


def label_of(place: str) -> str:
    """What the forms call a place: `Input 1, media types`; a place that no form has keeps its name."""
    row = _IN_ROW.fullmatch(place)
    if row is None or row[1] not in _ROWS:
        return _LABELS.get(place, place)
    column = _COLUMNS.get(f"{row[1]}.{row[3]}") or _COLUMNS.get(row[3], row[3])
    return f"{_ROWS[row[1]]} {int(row[2]) + 1}" + (f", {column}" if column else "")


def in_units_of_forms(text: str) -> str:
    """What is wrong somewhere, in seconds and with units of sizes, as people type them."""
    for pattern, reworded in _REWORDED:
        if match := pattern.fullmatch(text):
            return reworded(match)
    return text


def _times(match: re.Match[str]) -> str:
    shortest, longest, given = (int(number) for number in match.groups())
    return f"{seconds_text(shortest)} s to {longest // 3_600_000} h, not {seconds_text(given)} s"


def _sizes(match: re.Match[str]) -> str:
    return f"1 byte to {size_text(int(match[1]))}, not {match[2]}"


def _engines(match: re.Match[str]) -> str:
    largest, fewest, most = (int(number) for number in match.groups())
    if 0 <= most < fewest:
        return f"at least {fewest} is more than at most {most}"
    return f"0 to {largest}, not {fewest} and {most}"


_REWORDED: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = (
    (re.compile(r"(\d+) to (\d+) milliseconds, not (\d+)"), _times),
    (re.compile(r"1 to (\d+) bytes, not (\d+)"), _sizes),
    (re.compile(r"0 <= \w+ <= \w+ <= (\d+), not (-?\d+) and (-?\d+)"), _engines),
)
