"""The 17 steps: what makes each of them done, and that they agree with what activation asks for."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm.attributes import set_committed_value

from modelyard.domain.images.tables import ImportState
from modelyard.domain.models.approval_state import ApprovalState
from modelyard.domain.models.lifecycle import facts_of, find_missing
from modelyard.domain.models.picture_files import PictureKind
from modelyard.domain.models.requirements import DEFAULT_ID, EDGE_ID
from modelyard.domain.models.tables import Model, Picture, Tag, TestInput, Version, VersionStatus
from modelyard.domain.version_tests.checklist import TITLES, Progress, StepState, missing_before, next_step, steps_of
from modelyard.domain.version_tests.tables import TestState
from tests.library import JSON_OUTPUT, TEXT_INPUT, held_image

BARE = Progress(load=None, run=None, has_card=False, card_lacks=False, approval=ApprovalState.NOT_ASKED)
NEEDED = {3, 4, 5, 7, 8, 9, 10, 11}


def _version(**values: Any) -> Version:
    """A version that has just been created."""
    bare: dict[str, Any] = {
        **dict.fromkeys(("long_description", "version_history", "technical_details", "performance_summary"), ""),
        "status": VersionStatus.PARTIAL,
        "load_passed": False,
        "run_passed": False,
        "statistics": [],
    }
    version = Version(**(bare | values))
    version.model = Model(name="echo", description="", tags=[])
    set_committed_value(version.model, "pictures", [])
    version.test_inputs = []
    return version


def _described(**values: Any) -> Version:
    """A version with everything."""
    version = _version(
        requirement_id=DEFAULT_ID,
        status_timeout_ms=1000,
        run_timeout_ms=1000,
        statistics=[{"label": "F1"}],
        inputs=[TEXT_INPUT],
        outputs=[JSON_OUTPUT],
        load_passed=True,
        run_passed=True,
        long_description="words",
        version_history="words",
        **values,
    )
    version.image = held_image()
    version.test_inputs = [TestInput(name="input.txt")]
    version.model.description = "words"
    version.model.tags = [Tag(identifier="count")]
    set_committed_value(version.model, "pictures", [Picture(kind=PictureKind.PICTURE)])
    return version


def _states(version: Version, progress: Progress = BARE) -> dict[int, StepState]:
    return {step.number: step.state for step in steps_of(version, progress)}


def test_what_a_new_version_has_to_do() -> None:
    states = _states(_version())

    assert states[1] == StepState.DONE
    assert {number for number, state in states.items() if state == StepState.TO_DO} == NEEDED | {17}
    assert {number for number, state in states.items() if state == StepState.OPTIONAL} == {2, 6, 12, 13, 14, 15, 16}


def test_a_described_version_has_only_to_be_deployed() -> None:
    written = replace(BARE, has_card=True)
    states = _states(_described(), written)

    assert {number for number, state in states.items() if state != StepState.DONE} == {17}
    assert set(_states(_described(status=VersionStatus.ACTIVE), written).values()) == {StepState.DONE}


def test_a_card_that_lacks_something_is_needed() -> None:
    progress = replace(BARE, has_card=True, card_lacks=True)

    assert [step.number for step in missing_before(steps_of(_described(), progress))] == [14]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (ImportState.QUEUED, StepState.UNDER_WAY),
        (ImportState.RUNNING, StepState.UNDER_WAY),
        (ImportState.FAILED, StepState.FAILED),
        (ImportState.COMPLETED, StepState.DONE),
    ],
)
def test_the_image(state: ImportState, expected: StepState) -> None:
    version = _described()
    version.image = held_image(state=state)

    assert _states(version)[3] == expected


@pytest.mark.parametrize(("number", "name"), [(7, "load"), (11, "run")])
def test_tests(number: int, name: str) -> None:
    passed, not_passed = _described(), _described()
    setattr(not_passed, f"{name}_passed", False)

    def state_of(version: Version, test: TestState | None) -> StepState:
        return _states(version, replace(BARE, **{name: test}))[number]  # type: ignore[arg-type]

    assert state_of(not_passed, None) == StepState.TO_DO
    assert state_of(not_passed, TestState.FAILED) == StepState.FAILED
    assert state_of(not_passed, TestState.PASSED) == StepState.TO_DO  # of something else, before it changed
    assert state_of(passed, TestState.QUEUED) == StepState.UNDER_WAY
    assert state_of(passed, TestState.FAILED) == StepState.DONE


def test_every_input_needs_a_file() -> None:
    version = _described()
    version.run_passed = False
    version.inputs = [TEXT_INPUT, TEXT_INPUT | {"name": "other"}]

    assert _states(version)[10] == StepState.TO_DO


@pytest.mark.parametrize(
    ("approval", "expected"),
    [
        (ApprovalState.NOT_ASKED, StepState.TO_DO),
        (ApprovalState.PENDING, StepState.UNDER_WAY),
        (ApprovalState.REJECTED, StepState.FAILED),
        (ApprovalState.APPROVED, StepState.TO_DO),
    ],
)
def test_approval(approval: ApprovalState, expected: StepState) -> None:
    assert _states(_described(), replace(BARE, approval=approval))[17] == expected


def test_on_an_edge_device_nothing_is_tested() -> None:
    version = _version(requirement_id=EDGE_ID)
    version.image = held_image()

    assert missing_before(steps_of(version, BARE)) == []


def test_the_steps_agree_with_activation() -> None:
    for version in (_version(), _described(), _version(requirement_id=EDGE_ID)):
        asked = {number for step in find_missing(facts_of(version)) for number in step.numbers}
        assert {step.number for step in missing_before(steps_of(version, BARE))} == asked


def test_it_goes_on_where_something_is_missing() -> None:
    assert next_step(steps_of(_version(), BARE)).number == 3
    assert next_step(steps_of(_described(), BARE)).number == 17
    assert list(TITLES) == list(range(1, 18))
