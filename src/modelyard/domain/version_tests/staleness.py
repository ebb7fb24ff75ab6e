"""Says what has changed since a test; a pure rule."""

from collections.abc import Mapping
from typing import Any

from modelyard.domain.models.tables import Version
from modelyard.domain.version_tests.tables import TestKind

_WORDS = {
    "image": "the container image",
    "requirement": "the hardware preset",
    "inputs": "the declared inputs",
    "outputs": "the declared outputs",
    "schema": "the schema of inputs",
    "test_files": "the test files",
}


def basis_of(version: Version, kind: TestKind) -> dict[str, Any]:
    """What a test of the version is about; its image and test files have to be loaded."""
    container = {"image": version.image.image_id if version.image else None, "requirement": version.requirement_id}
    if kind == TestKind.LOAD:
        return container
    return container | {
        "inputs": version.inputs or [],
        "outputs": version.outputs or [],
        "schema": version.input_validation_schema,
        "test_files": {file.name: file.storage_key for file in sorted(version.test_inputs, key=lambda one: one.name)},
    }


def what_changed(then: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """What is no longer as it was tested, in words; empty when the report still holds."""
    return tuple(words for name, words in _WORDS.items() if name in then and then[name] != now.get(name))
