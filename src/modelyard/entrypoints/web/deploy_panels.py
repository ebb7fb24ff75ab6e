"""The panels of the deployment wizard: which steps each is about, and where it stands in the wizard."""

from dataclasses import dataclass
from urllib.parse import quote

from modelyard.core.errors import NotFound
from modelyard.domain.version_tests.checklist import Step, StepState

DEPLOY = "/deploy"


@dataclass(frozen=True, slots=True)
class Panel:
    """One page of the wizard; its name is the last part of its address."""

    name: str
    title: str
    steps: tuple[int, ...]
    group: str
    is_of_model: bool = False
    """Whether it is about what all versions of the model share."""


PANELS = {
    panel.name: panel
    for panel in (
        Panel("name", "Name and summary", (1, 2), "Name", is_of_model=True),
        Panel("image", "Container image", (3,), "Image"),
        Panel("resources", "Hardware and time", (4, 5), "Resources"),
        Panel("contract", "Inputs and outputs", (8, 9), "Contract"),
        Panel("load-test", "Load test", (7,), "Tests"),
        Panel("test-files", "Test files", (10,), "Tests"),
        Panel("run-test", "Run test", (11,), "Tests"),
        Panel("metrics", "Metrics", (6,), "Story"),
        Panel("words", "Description and release notes", (12, 13), "Story"),
        Panel("card", "Transparency and bias", (14,), "Story"),
        Panel("tags", "Tags", (15,), "Story", is_of_model=True),
        Panel("picture", "Picture", (16,), "Story", is_of_model=True),
        Panel("deploy", "Deploy", (17,), "Publish"),
    )
}
_OF_STEP = {number: panel for panel in PANELS.values() for number in panel.steps}
_NAMES = list(PANELS)


class PanelUnknown(NotFound):
    """The wizard has no such panel."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The deployment has no part {name[:40]!r}; it has {', '.join(PANELS)}.")


@dataclass(frozen=True, slots=True)
class StepLink:
    """A step in the list at the side."""

    title: str
    state: StepState
    href: str
    is_here: bool


def find_panel(name: str) -> Panel:
    """A panel by its name. Raises PanelUnknown."""
    try:
        return PANELS[name]
    except KeyError:
        raise PanelUnknown(name) from None


def panel_of(step: Step) -> Panel:
    """The panel on which a step is taken."""
    return _OF_STEP[step.number]


def panel_after(name: str) -> str:
    """The name of the panel that follows; the last one is followed by itself."""
    return _NAMES[min(_NAMES.index(name) + 1, len(_NAMES) - 1)]


def panel_before(name: str) -> str:
    """The name of the panel before; empty for the first."""
    at = _NAMES.index(name)
    return _NAMES[at - 1] if at else ""


def address_of_deployment(model_id: str, version: str, panel: str = "") -> str:
    """A version's wizard, or one panel of it."""
    return "/".join([DEPLOY, quote(model_id, safe=""), quote(version, safe=""), *([panel] if panel else [])])


def links_of(steps: tuple[Step, ...], model_id: str, version: str, here: str) -> dict[str, list[StepLink]]:
    """The list at the side, by group; a panel of several steps is marked at the first of them that is open."""
    on_panel = [step for step in steps if panel_of(step).name == here]
    current = next((step for step in on_panel if step.state != StepState.DONE), on_panel[0])
    by_number = {step.number: step for step in steps}
    groups: dict[str, list[StepLink]] = {}
    for panel in PANELS.values():
        address = address_of_deployment(model_id, version, panel.name)
        for step in map(by_number.__getitem__, panel.steps):
            link = StepLink(step.title, step.state, address + _place_on(panel, step), step == current)
            groups.setdefault(panel.group, []).append(link)
    return groups


def _place_on(panel: Panel, step: Step) -> str:
    return f"#step-{step.number}" if len(panel.steps) > 1 else ""
