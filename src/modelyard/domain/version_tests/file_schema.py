"""Compares the test files of a version with its schema of inputs, as the inputs of jobs are."""

from collections.abc import Sequence

from modelyard.core.errors import Conflict
from modelyard.domain.inputs.items import InputValue
from modelyard.domain.inputs.schema_check import schema_check
from modelyard.domain.models.contract import declared_inputs
from modelyard.domain.models.tables import TestInput, Version


class TestFileBreaksSchema(Conflict):
    """A test file is not as the version itself wants its inputs."""

    __test__ = False  # not a test for pytest

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"The run test failed: {problem}. Upload another test file, or change inputValidationSchema of the version."
        )


def require_schema(version: Version, files: Sequence[TestInput], contents: Sequence[bytes]) -> None:
    """Raises TestFileBreaksSchema, ItemsTooCostly."""
    check = schema_check(version)
    if check is None:
        return
    values = [InputValue(file.name, file.media_type, data) for file, data in zip(files, contents, strict=True)]
    if problem := check.problem_of(values, declared_inputs(version)):
        raise TestFileBreaksSchema(problem)
