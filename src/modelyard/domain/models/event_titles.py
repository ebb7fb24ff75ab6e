"""One sentence for each thing that can happen to a model."""

from collections.abc import Callable, Mapping
from typing import Any

Details = Mapping[str, Any]

_SENTENCES = {
    "model:created": "The model was created.",
    "model:exported": "The model was exported to a file.",
    "model:imported": "The model was imported from a file.",
    "model:picture-set": "The model got a picture.",
    "model:picture-described": "The words of the model's picture changed.",
    "model:picture-removed": "The model's picture was removed.",
    "model:snapshot-added": "The model got a snapshot picture.",
    "model:snapshot-described": "The words of a snapshot picture changed.",
    "model:snapshots-ordered": "The order of the snapshot pictures changed.",
    "model:snapshot-removed": "A snapshot picture was removed.",
    "model:deleted": "The model was deleted.",
    "model:restored": "The model was restored.",
    "model:version:deleted": "{version} was deleted.",
    "model:version:restored": "{version} was restored.",
    "model:version:removed": "{version} was removed for good.",
    "model:version:created": "{version} was created.",
    "model:version:image-requested": "The import of an image for {version} began.",
    "model:version:image-imported": "The image of {version} was imported.",
    "model:version:image-import-failed": "The import of the image of {version} failed: {error}",
    "model:version:load-test-requested": "The load test of {version} began.",
    "model:version:load-test-passed": "{version} passed its load test.",
    "model:version:load-test-failed": "{version} failed its load test: {error}",
    "model:version:run-test-requested": "The run test of {version} began.",
    "model:version:run-test-passed": "{version} passed its run test.",
    "model:version:run-test-failed": "{version} failed its run test: {error}",
    "model:version:card-changed": "The card of {version} changed.",
    "model:version:test-input-set": "{version} got a test file.",
    "model:version:sample-input-set": "The sample input of {version} changed.",
    "model:version:sample-output-set": "The sample output of {version} changed.",
    "model:version:approval-asked": "The approval of {version} was asked for, from {roles}.",
    "model:version:approval-withdrawn": "The request to approve {version} was withdrawn.",
    "model:version:approvals-void": "What was approved of {version} changed: the approvals for {roles} are void.",
    "model:version:approved": "{version} was approved for {roles}.",
    "model:version:rejected": "{version} was rejected for {roles}: {reason}",
    "model:version:activated": "{version} became active.",
    "model:version:deactivated": "{version} was taken out of service.",
}
_WITHOUT = {"error": "no reason is known", "reason": "no reason was given", "roles": "somebody"}
_FIELDS = {
    "tags": "tags",
    "long_description": "description",
    "performance_summary": "performance summary",
    "technical_details": "technical details",
    "version_history": "release notes",
    "input_validation_schema": "schema of inputs",
    "statistics": "metrics",
    "requirement_id": "requirement",
    "is_recommended": "recommendation",
    "is_commercial": "whether it is commercial",
    "expires_at": "expiration",
    "run_timeout_ms": "run timeout",
    "status_timeout_ms": "status timeout",
    "minimum_engines": "minimum of engines",
    "maximum_engines": "maximum of engines",
}
_SCOPES = {
    "ALL": "everybody",
    "ACCOUNT": "its account",
    "TEAM": "its team",
    "PRIVATE": "its creator alone",
}


def title_of(action: str, version: str | None, details: Details) -> str:
    """What happened, as a sentence; what nobody has written a sentence for is told by its name."""
    subject = f"Version {version}" if version else "The model"
    if describe := _DESCRIBED.get(action):
        return describe(subject, details)
    sentence = _SENTENCES.get(action)
    if sentence is None:
        return f"{subject}: {action.rpartition(':')[2].replace('-', ' ')}."
    words = {name: _text(details.get(name) or unknown) for name, unknown in _WITHOUT.items()}
    at_start = sentence.startswith("{version}")
    return sentence.format(version=subject if at_start else subject.replace("Version", "version"), **words)


def _changed(subject: str, details: Details) -> str:
    names = sorted(details.get("after") or details.get("fields") or [])
    fields = " and ".join(", ".join(_FIELDS.get(name, name.replace("_", " ")) for name in names).rsplit(", ", 1))
    return f"{subject} changed: {fields}." if fields else f"{subject} changed."


def _shared(_subject: str, details: Details) -> str:
    after = details.get("after", {})
    others = len(after.get("teams", []))
    more = f" and {others} {'teams' if others > 1 else 'team'} more" if others else ""
    return f"The model became visible to {_SCOPES.get(after.get('scope', ''), 'others')}{more}."


_DESCRIBED: dict[str, Callable[[str, Details], str]] = {
    "model:changed": _changed,
    "model:version:changed": _changed,
    "model:visibility-changed": _shared,
}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " and ".join(", ".join(map(str, value)).rsplit(", ", 1))
    if isinstance(value, Mapping):  # shortened
        return f"{value.get('beginning', '')}…"
    return str(value)
