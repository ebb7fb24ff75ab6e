"""What a passed test of a version holds for: when that changes, the test has to be done again."""

from collections.abc import Collection

from modelyard.domain.models.tables import Version, VersionStatus

LOAD_DEPENDS_ON = ("image_id", "requirement_id")
RUN_DEPENDS_ON = (*LOAD_DEPENDS_ON, "inputs", "outputs", "input_validation_schema")
"""Columns of the version; beside these the run test depends on its test files."""
TEST_FILES = "test_files"


def take_back_tests(version: Version, changed: Collection[str]) -> None:
    """Forgets the passed tests that depend on what has changed: columns of the version, or TEST_FILES.

    What an active version has shown stays: it serves, and of what it was shown for only the test files can change.
    """
    if version.status == VersionStatus.ACTIVE:
        return
    if not set(changed).isdisjoint(LOAD_DEPENDS_ON):
        version.load_passed = False
    if not set(changed).isdisjoint((*RUN_DEPENDS_ON, TEST_FILES)):
        version.run_passed = False
