"""The 17 steps of a deployment, and where each of them stands; pure rules."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from modelyard.domain.images.tables import ImportState
from modelyard.domain.models.approval_state import ApprovalState
from modelyard.domain.models.lifecycle import facts_of, find_missing
from modelyard.domain.models.picture_files import PictureKind
from modelyard.domain.models.tables import Version, VersionStatus
from modelyard.domain.version_tests.tables import TestState


class StepState(StrEnum):
    """Where a step stands."""

    DONE = "done"
    TO_DO = "to do"
    OPTIONAL = "optional"
    UNDER_WAY = "under way"
    FAILED = "failed"


TITLES = {
    1: "Create the model",
    2: "Name and summary",
    3: "Container image",
    4: "Hardware",
    5: "Timeouts",
    6: "Metrics",
    7: "Load test",
    8: "Inputs",
    9: "Outputs",
    10: "Test files",
    11: "Run test",
    12: "Description",
    13: "Release notes",
    14: "Transparency and bias",
    15: "Tags",
    16: "Picture",
    17: "Deploy",
}
NEEDED_STEPS = 8
"""So many of them does activation ask for where nothing is done yet."""


@dataclass(frozen=True, slots=True)
class Step:
    """One of the steps."""

    number: int
    title: str
    state: StepState


@dataclass(frozen=True, slots=True)
class Progress:
    """What the states of the steps follow from, beside the version itself.

    Args:
        load, run: states of the newest tests, None where there was none.
        has_card: whether somebody has written a card.
        card_lacks: whether the account asks for something that the card does not say.
    """

    load: TestState | None
    run: TestState | None
    has_card: bool
    card_lacks: bool
    approval: ApprovalState


def steps_of(version: Version, progress: Progress) -> tuple[Step, ...]:
    """All steps of a version that is loaded as a whole."""
    filled, under_way, failed = _filled(version, progress), _under_way(version, progress), _failed(version, progress)
    missing = {number for step in find_missing(facts_of(version)) for number in step.numbers}
    missing |= {14} if progress.card_lacks else set()
    missing |= {17} if version.status != VersionStatus.ACTIVE else set()
    states = {
        **dict.fromkeys(TITLES, StepState.OPTIONAL),
        **dict.fromkeys(missing, StepState.TO_DO),
        **dict.fromkeys(filled, StepState.DONE),
        **dict.fromkeys(failed, StepState.FAILED),
        **dict.fromkeys(under_way, StepState.UNDER_WAY),
    }
    return tuple(Step(number, title, states[number]) for number, title in TITLES.items())


def missing_before(steps: Collection[Step]) -> list[Step]:
    """The steps that the last one waits for."""
    return [step for step in steps if step.number < 17 and step.state not in {StepState.DONE, StepState.OPTIONAL}]


def lacking(steps: Collection[Step], numbers: Collection[int]) -> list[Step]:
    """Those of some steps that nobody has taken yet; a test waits for those that are under way."""
    there = {StepState.DONE, StepState.UNDER_WAY}
    return [step for step in steps if step.number in numbers and step.state not in there]


def next_step(steps: Collection[Step]) -> Step:
    """Where a deployment goes on: the first step that is needed and not done, else the last one."""
    return next(iter(missing_before(steps)), max(steps, key=lambda step: step.number))


def _filled(version: Version, progress: Progress) -> set[int]:
    model, inputs = version.model, {entry["name"] for entry in version.inputs or []}
    facts = {
        1: True,
        2: bool(model.description.strip()),
        3: version.image is not None and version.image.state == ImportState.COMPLETED,
        4: version.requirement_id is not None,
        5: version.status_timeout_ms is not None and version.run_timeout_ms is not None,
        6: bool(version.statistics),
        7: version.load_passed,
        8: bool(inputs),
        9: bool(version.outputs),
        10: bool(inputs) and inputs <= {file.name for file in version.test_inputs},
        11: version.run_passed,
        12: bool(version.long_description.strip()),
        13: bool(version.version_history.strip()),
        14: progress.has_card and not progress.card_lacks,
        15: bool(model.tags),
        16: any(picture.kind == PictureKind.PICTURE for picture in model.pictures),
        17: version.status == VersionStatus.ACTIVE,
    }
    return {number for number, is_done in facts.items() if is_done}


def _under_way(version: Version, progress: Progress) -> set[int]:
    unfinished = (TestState.QUEUED, TestState.RUNNING)
    facts = {
        3: version.image is not None and version.image.state in {ImportState.QUEUED, ImportState.RUNNING},
        7: progress.load in unfinished,
        11: progress.run in unfinished,
        17: version.status != VersionStatus.ACTIVE and progress.approval == ApprovalState.PENDING,
    }
    return {number for number, is_so in facts.items() if is_so}


def _failed(version: Version, progress: Progress) -> set[int]:
    facts = {
        3: version.image is not None and version.image.state == ImportState.FAILED,
        7: progress.load == TestState.FAILED and not version.load_passed,
        11: progress.run == TestState.FAILED and not version.run_passed,
        17: version.status != VersionStatus.ACTIVE and progress.approval == ApprovalState.REJECTED,
    }
    return {number for number, is_so in facts.items() if is_so}
