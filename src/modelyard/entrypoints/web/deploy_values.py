"""What stands in the fields of the wizard: what is stored, or what somebody has just typed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from modelyard.domain.images.tables import ImportState
from modelyard.domain.models.card_content import TEXTS
from modelyard.domain.models.tag_names import CUSTOM
from modelyard.domain.version_tests.deployments import Deployment
from modelyard.entrypoints.web.typed_values import Row, rows_of, seconds_text, size_text

Form = Mapping[str, Sequence[str]]
INPUT = ("name", "acceptedMediaTypes", "maximumSize", "description")
OUTPUT = ("name", "mediaType", "maximumSize", "description")
METRIC = ("label", "value", "type", "category", "description", "highlight")
GROUP = ("group", "metric", "value", "sampleCount", "note")
CONTACT = ("name", "email", "url")
SUGGESTED_SECONDS = "60"
"""What stands in the fields of times that nobody has chosen yet; it holds once it is saved."""
ROWS: dict[str, dict[str, tuple[Sequence[str], Sequence[str]]]] = {
    "metrics": {"statistics": (METRIC, ("label", "value", "description"))},
    "contract": {"inputs": (INPUT, ("name", "description")), "outputs": (OUTPUT, ("name", "description"))},
    "card": {"metricsByGroup": (GROUP, GROUP), "contacts": (CONTACT, CONTACT)},
}
"""The lists of each panel: the members of their rows, and which of them make a row count."""


def typed_rows(panel: str, form: Form, name: str) -> list[Row]:
    """The rows of a list as they were typed."""
    members, needed = ROWS[panel][name]
    return rows_of(form, name, members, needed)


def typed_values(panel: str, form: Form) -> dict[str, Any]:
    """What was typed, to be shown again."""
    values: dict[str, Any] = {name: texts[0] for name, texts in form.items() if "[" not in name}
    values |= {name: typed_rows(panel, form, name) for name in ROWS.get(panel, ())}
    return values | ({"tags": list(form.get("tags", ()))} if panel == "tags" else {})


def stored_values(panel: str, found: Deployment) -> dict[str, Any]:
    """What the version and its model have."""
    return _STORED[panel](found) if panel in _STORED else {}


def _name(found: Deployment) -> dict[str, Any]:
    return {"name": found.version.model.name, "description": found.version.model.description}


def _image(found: Deployment) -> dict[str, Any]:
    """What a pull that failed was asked for, so that one mistake is not all typed again; never its password."""
    image = found.version.image
    if image is None or image.state != ImportState.FAILED or image.registry_host is None:
        return {}
    return {"url": image.reference, "username": image.username or ""}


def _resources(found: Deployment) -> dict[str, Any]:
    row, suggested = found.version, "" if found.is_active else SUGGESTED_SECONDS
    return {
        "requirement.requirementId": "" if row.requirement_id is None else str(row.requirement_id),
        "timeout.status": seconds_text(row.status_timeout_ms) or suggested,
        "timeout.run": seconds_text(row.run_timeout_ms) or suggested,
        "processing.minimumParallelCapacity": str(row.minimum_engines),
        "processing.maximumParallelCapacity": str(row.maximum_engines),
    }


def _metrics(found: Deployment) -> dict[str, Any]:
    ordered = sorted(found.version.statistics, key=lambda entry: entry.get("order") or 0)
    return {"statistics": [_texts(entry, METRIC) for entry in ordered]}


def _contract(found: Deployment) -> dict[str, Any]:
    row = found.version
    return {
        "inputs": [_texts(entry, INPUT) for entry in row.inputs or []],
        "outputs": [_texts(entry, OUTPUT) for entry in row.outputs or []],
        "inputValidationSchema": row.input_validation_schema,
    }


def _words(found: Deployment) -> dict[str, Any]:
    return {"longDescription": found.version.long_description, "versionHistory": found.version.version_history}


def _card(found: Deployment) -> dict[str, Any]:
    plain = found.card.card.plain()
    return {
        **{name: plain[name] for name in (*TEXTS, "licence")},
        "technicalDetails": found.version.technical_details,
        "performanceSummary": found.version.performance_summary,
        "risk.rating": plain["risk"]["rating"],
        "risk.reason": plain["risk"]["reason"],
        "languages": ", ".join(plain["languages"]),
        "metricsByGroup": [_texts(entry, GROUP) for entry in plain["metricsByGroup"]],
        "contacts": [_texts(entry, CONTACT) for entry in plain["contacts"]],
        "revision": str(found.card.number),
    }


def _tags(found: Deployment) -> dict[str, Any]:
    tags = found.version.model.tags
    own = [tag.name for tag in tags if tag.data_type == CUSTOM]
    return {"tags": [tag.identifier for tag in tags if tag.data_type != CUSTOM], "own": ", ".join(own)}


def _deploy(found: Deployment) -> dict[str, Any]:
    return {"scope": str(found.version.model.scope)}


_STORED: dict[str, Callable[[Deployment], dict[str, Any]]] = {
    "name": _name,
    "image": _image,
    "resources": _resources,
    "metrics": _metrics,
    "contract": _contract,
    "words": _words,
    "card": _card,
    "tags": _tags,
    "deploy": _deploy,
}


def _texts(entry: Mapping[str, Any], members: Sequence[str]) -> Row:
    return {member: _text(member, entry.get(member)) for member in members}


def _text(member: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    return size_text(value) if member == "maximumSize" else str(value)
