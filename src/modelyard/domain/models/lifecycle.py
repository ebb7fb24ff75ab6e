"""The life of a version: one table of transitions, and what a version needs before it can be active."""

from collections.abc import Sequence
from dataclasses import dataclass

from modelyard.core.errors import Conflict
from modelyard.domain.images.tables import ImportState
from modelyard.domain.models.requirements import EDGE_ID
from modelyard.domain.models.tables import Version, VersionStatus

TRANSITIONS: dict[VersionStatus, frozenset[VersionStatus]] = {
    VersionStatus.PARTIAL: frozenset({VersionStatus.ACTIVE}),
    VersionStatus.ACTIVE: frozenset({VersionStatus.INACTIVE}),
    VersionStatus.INACTIVE: frozenset({VersionStatus.ACTIVE}),
}


class TransitionForbidden(Conflict):
    """A version cannot go from its status to the one asked for."""

    def __init__(self, current: str, wanted: str) -> None:
        allowed = ", ".join(sorted(TRANSITIONS[VersionStatus(current)]))
        super().__init__(f"A version that is {current} cannot become {wanted}; from here it can become: {allowed}.")


class StepsMissing(Conflict):
    """Something has to be done before a version can be active."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__("The version cannot be active yet; still missing: " + "; ".join(missing) + ".")
        self.missing = missing


class VersionFrozen(Conflict):
    """An active version keeps its image and its contract."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The {what} of an active version cannot change, because jobs rely on it; make a new version "
            "(POST …/clone copies this one), or deactivate this one first."
        )


@dataclass(frozen=True, slots=True)
class DeploymentFacts:
    """What activation asks about."""

    image_held: bool
    requirement_id: int | None
    has_timeouts: bool
    load_passed: bool
    has_inputs: bool
    has_outputs: bool
    run_passed: bool


def facts_of(version: Version) -> DeploymentFacts:
    """Reads the facts from a version whose image is loaded."""
    return DeploymentFacts(
        image_held=version.image is not None and version.image.state == ImportState.COMPLETED,
        requirement_id=version.requirement_id,
        has_timeouts=version.status_timeout_ms is not None and version.run_timeout_ms is not None,
        load_passed=version.load_passed,
        has_inputs=bool(version.inputs),
        has_outputs=bool(version.outputs),
        run_passed=version.run_passed,
    )


@dataclass(frozen=True, slots=True)
class MissingStep:
    """Something that activation waits for: which of the 17 steps of a deployment, and what to call for it."""

    numbers: tuple[int, ...]
    what: str
    call: str

    @property
    def text(self) -> str:
        """A sentence for who calls the API."""
        numbers = " and ".join(map(str, self.numbers))
        return f"step{'s' if len(self.numbers) > 1 else ''} {numbers}, {self.what} ({self.call})"


def find_missing(facts: DeploymentFacts) -> list[MissingStep]:
    """The deployment steps that activation still waits for."""
    runs_here = facts.requirement_id != EDGE_ID
    steps: list[tuple[bool, tuple[int, ...], str, str]] = [
        (facts.image_held, (3,), "container image", "POST container-image"),
        (facts.requirement_id is not None, (4,), "requirement", "PATCH requirement.requirementId"),
        (facts.has_timeouts or not runs_here, (5,), "timeouts", "PATCH timeout.status and timeout.run"),
        (facts.load_passed or not runs_here, (7,), "load test", "POST load-process"),
        (facts.has_inputs or not runs_here, (8,), "inputs", "PATCH inputs"),
        (facts.has_outputs or not runs_here, (9,), "outputs", "PATCH outputs"),
        (facts.run_passed or not runs_here, (10, 11), "test file and run test", "POST testInput, POST run-process"),
    ]
    return [MissingStep(numbers, what, call) for done, numbers, what, call in steps if not done]


def missing_steps(facts: DeploymentFacts) -> list[str]:
    """The same, each as a text with what to call."""
    return [step.text for step in find_missing(facts)]


def move(version: Version, wanted: VersionStatus) -> bool:
    """Changes the status along the table; False when it was that already.

    Raises TransitionForbidden, StepsMissing.
    """
    if not require_move(version, wanted):
        return False
    version.status = wanted
    return True


def require_move(version: Version, wanted: VersionStatus, further: Sequence[str] = ()) -> bool:
    """Whether the status would change, and may.

    Args:
        further: what is missing beside the steps.

    Raises TransitionForbidden, StepsMissing.
    """
    current = VersionStatus(version.status)
    if current == wanted:
        return False
    if wanted not in TRANSITIONS[current]:
        raise TransitionForbidden(current, wanted)
    if wanted == VersionStatus.ACTIVE and (missing := [*missing_steps(facts_of(version)), *further]):
        raise StepsMissing(missing)
    return True
