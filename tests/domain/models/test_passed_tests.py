"""Which passed tests a version loses, whatever way its parts are changed."""

import pytest

from modelyard.domain.models.passed_tests import TEST_FILES, take_back_tests
from modelyard.domain.models.tables import Version, VersionStatus

LOST = [
    (["image_id"], (False, False)),
    (["requirement_id"], (False, False)),
    (["inputs"], (True, False)),
    (["outputs", "long_description"], (True, False)),
    (["input_validation_schema"], (True, False)),
    ([TEST_FILES], (True, False)),
    (["long_description", "maximum_engines"], (True, True)),
    ([], (True, True)),
]


@pytest.mark.parametrize("status", [VersionStatus.PARTIAL, VersionStatus.INACTIVE])
@pytest.mark.parametrize(("changed", "left"), LOST)
def test_loses_what_depends_on_the_change(status: VersionStatus, changed: list[str], left: tuple[bool, bool]) -> None:
    version = Version(status=status, load_passed=True, run_passed=True)
    take_back_tests(version, changed)
    assert (version.load_passed, version.run_passed) == left


@pytest.mark.parametrize("changed", [["image_id"], [TEST_FILES]])
def test_active_version_keeps_what_it_has_shown(changed: list[str]) -> None:
    version = Version(status=VersionStatus.ACTIVE, load_passed=True, run_passed=True)
    take_back_tests(version, changed)
    assert (version.load_passed, version.run_passed) == (True, True)
