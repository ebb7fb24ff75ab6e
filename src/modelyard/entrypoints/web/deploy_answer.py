"""Makes the pages of the wizard: the steps at the side, one panel, and what is wrong with what was typed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from modelyard.app import Platform
from modelyard.core.errors import (
    Conflict,
    InvalidInput,
    LimitReached,
    Outdated,
    PlatformError,
    TooLarge,
    Unavailable,
    UpstreamFailed,
)
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.models.lifecycle import StepsMissing
from modelyard.domain.models.metadata import MetadataRejected
from modelyard.domain.models.requirements import RequirementUnknown
from modelyard.domain.models.semantic import VersionMalformed
from modelyard.domain.models.tag_names import TagsRejected
from modelyard.domain.models.versions import VersionExists
from modelyard.domain.version_tests.deployments import NameInUse, read_deployment
from modelyard.domain.version_tests.request import (
    UNFINISHED,
    ImageMissing,
    NotDescribed,
    NotLoaded,
    TestFileMissing,
)
from modelyard.entrypoints.rest.errors import status_of
from modelyard.entrypoints.web.deploy_extras import Looking, read_container_log, read_extras
from modelyard.entrypoints.web.deploy_labels import in_units_of_forms, label_of
from modelyard.entrypoints.web.deploy_panels import (
    address_of_deployment,
    find_panel,
    links_of,
    panel_after,
    panel_before,
)
from modelyard.entrypoints.web.deploy_values import Form, stored_values, typed_values
from modelyard.entrypoints.web.frame import framed, read_frame

AT_THE_FORM = (InvalidInput, Conflict, Outdated, TooLarge, LimitReached, Unavailable, UpstreamFailed)
"""Kinds of errors that are told where something was typed; others are pages of their own."""
_FIELD_OF: Mapping[type[PlatformError], str] = {
    NameInUse: "name",
    RequirementUnknown: "requirement.requirementId",
    TagsRejected: "own",
    VersionMalformed: "version",
    VersionExists: "version",
}
_TOO_EARLY = "The test cannot start yet; what is missing is listed below."
_TOLD_BY_LISTS: Mapping[type[PlatformError], str] = {
    **dict.fromkeys((ImageMissing, NotDescribed, TestFileMissing, NotLoaded), _TOO_EARLY),
    StepsMissing: "The version cannot be active yet; what is missing is listed below.",
}
"""Panels list what is missing with links, where the API says what to call."""
_CALL = re.compile(r" \((?:POST|PATCH) [^)]*\)")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong; `field` is the name of the field that it is about, empty for none; `label` is what people read."""

    field: str
    said: str
    label: str = ""

    @property
    def text(self) -> str:
        """With the field that it is about, for a list of all that is wrong."""
        return f"{self.label}: {self.said}" if self.label else self.said

    @property
    def at_field(self) -> str:
        """The same where it stands below its field, which needs not be named there."""
        return self.said[:1].upper() + self.said[1:]


async def answer_panel(
    request: Request,
    platform: Platform,
    actor: Actor,
    model_id: str,
    version: str,
    panel: str,
    *,
    form: Form | None = None,
    error: PlatformError | None = None,
) -> Response:
    """One panel; with what was typed, and why it was refused, where that is given."""
    chosen, looking = find_panel(panel), Looking(platform, actor, platform.clock.now())
    async with platform.database.read() as session:
        frame = await read_frame(session, request, actor, "Library")
        found = await read_deployment(session, actor, model_id, version)
        extras = await read_extras(session, panel, looking, found)
    log = await read_container_log(platform, extras["engine"]) if "engine" in extras else None
    problems = problems_of(error) if error else []
    here = address_of_deployment(model_id, version)
    return framed(
        f"deploy_{panel.replace('-', '_')}.html",
        frame,
        status_of(error) if error else 200,
        now=looking.now,
        found=found,
        version=found.version,
        model=found.version.model,
        panel=chosen,
        groups=links_of(found.steps, model_id, version, panel),
        here=here,
        preceding=f"{here}/{panel_before(panel)}" if panel_before(panel) else "",
        following=f"{here}/{panel_after(panel)}" if panel_after(panel) != panel else "",
        values=stored_values(panel, found) | (typed_values(panel, form) if form is not None else {}),
        problems=problems,
        wrong=wrong_fields(problems),
        log=log,
        is_polled="hx-request" in request.headers,
        unfinished=UNFINISHED,
        **{name: value for name, value in extras.items() if name != "engine"},
    )


def problems_of(error: PlatformError) -> list[Problem]:
    """What an error says, each part at the field that it is about."""
    if isinstance(error, MetadataRejected):
        return [_at_its_place(problem) for problem in error.problems]
    if told := _TOLD_BY_LISTS.get(type(error)):
        return [Problem("", told)]
    return [Problem(_FIELD_OF.get(type(error), ""), _CALL.sub("", error.message))]


def wrong_fields(problems: Sequence[Problem]) -> dict[str, str]:
    """What stands below each field that something is wrong with: the first of its problems."""
    return {problem.field: problem.at_field for problem in reversed(problems)}


def _at_its_place(problem: str) -> Problem:
    place, colon, said = problem.partition(": ")
    return Problem(place, in_units_of_forms(said), label_of(place)) if colon else Problem("", problem)
