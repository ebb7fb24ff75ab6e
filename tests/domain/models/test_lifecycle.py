"""The life of a version: every transition, and every step that activation asks for."""

from dataclasses import fields, replace
from itertools import product

import pytest

from modelyard.domain.models.lifecycle import (
    TRANSITIONS,
    DeploymentFacts,
    StepsMissing,
    TransitionForbidden,
    missing_steps,
    move,
)
from modelyard.domain.models.requirements import DEFAULT_ID, EDGE_ID
from modelyard.domain.models.tables import Version, VersionStatus
from tests.library import JSON_OUTPUT, TEXT_INPUT, held_image

READY = DeploymentFacts(
    image_held=True,
    requirement_id=DEFAULT_ID,
    has_timeouts=True,
    load_passed=True,
    has_inputs=True,
    has_outputs=True,
    run_passed=True,
)
ALLOWED = {("partial", "active"), ("active", "inactive"), ("inactive", "active")}
STEP_OF = {
    "image_held": "step 3",
    "requirement_id": "step 4",
    "has_timeouts": "step 5",
    "load_passed": "step 7",
    "has_inputs": "step 8",
    "has_outputs": "step 9",
    "run_passed": "steps 10 and 11",
}


def _ready(status: str) -> Version:
    version = Version(
        status=status,
        requirement_id=DEFAULT_ID,
        status_timeout_ms=1000,
        run_timeout_ms=1000,
        inputs=[TEXT_INPUT],
        outputs=[JSON_OUTPUT],
        load_passed=True,
        run_passed=True,
    )
    version.image = held_image()
    return version


def test_every_status_has_its_row() -> None:
    assert set(TRANSITIONS) == set(VersionStatus)
    assert {(str(a), str(b)) for a, others in TRANSITIONS.items() for b in others} == ALLOWED


@pytest.mark.parametrize(("current", "wanted"), list(product(VersionStatus, VersionStatus)))
def test_transition(current: VersionStatus, wanted: VersionStatus) -> None:
    version = _ready(current)
    if current == wanted:
        assert not move(version, wanted)
    elif (current, wanted) in ALLOWED:
        assert move(version, wanted)
        assert version.status == wanted
    else:
        with pytest.raises(TransitionForbidden):
            move(version, wanted)
        assert version.status == current


def test_nothing_is_missing() -> None:
    assert missing_steps(READY) == []


@pytest.mark.parametrize("fact", [field.name for field in fields(DeploymentFacts)])
def test_missing_step_is_named(fact: str) -> None:
    value = None if fact == "requirement_id" else False
    (step,) = missing_steps(replace(READY, **{fact: value}))  # type: ignore[arg-type]

    assert step.startswith(STEP_OF[fact])


def test_everything_missing_is_told_at_once_and_changes_nothing() -> None:
    version = Version(status=VersionStatus.PARTIAL, load_passed=False, run_passed=False)
    version.image = None
    with pytest.raises(StepsMissing) as caught:
        move(version, VersionStatus.ACTIVE)

    assert len(caught.value.missing) == 7
    assert version.status == VersionStatus.PARTIAL


def test_edge_versions_need_only_an_image() -> None:
    edge = DeploymentFacts(
        image_held=True,
        requirement_id=EDGE_ID,
        has_timeouts=False,
        load_passed=False,
        has_inputs=False,
        has_outputs=False,
        run_passed=False,
    )

    assert missing_steps(edge) == []
    assert len(missing_steps(replace(edge, image_held=False))) == 1


def test_image_that_is_still_imported_is_missing() -> None:
    version = _ready(VersionStatus.PARTIAL)
    assert version.image is not None
    version.image.state = "running"

    with pytest.raises(StepsMissing, match="step 3"):
        move(version, VersionStatus.ACTIVE)
