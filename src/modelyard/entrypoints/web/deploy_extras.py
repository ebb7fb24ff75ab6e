"""What panels of the wizard show beside their fields: presets, progress, logs, outputs, what an activation breaks."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.app import Platform
from modelyard.core.clock import milliseconds_between
from modelyard.core.errors import PlatformError
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.engines.tables import LIVE, Engine
from modelyard.domain.images.progress import transferred_share
from modelyard.domain.images.tables import ContainerImage
from modelyard.domain.models import decisions
from modelyard.domain.models.card_content import TEXTS, RiskRating
from modelyard.domain.models.requirements import list_presets
from modelyard.domain.models.tables import Requirement
from modelyard.domain.models.tag_names import CATEGORIES, PREDEFINED, tag_identifier
from modelyard.domain.models.tag_queries import list_used_tags
from modelyard.domain.models.version_diff import activation_warnings, diff_versions
from modelyard.domain.version_tests.checklist import Step, lacking, missing_before
from modelyard.domain.version_tests.deployments import Deployment, find_trial_engine
from modelyard.domain.version_tests.read_report import NoReport, VersionReport, find_progress, read_report
from modelyard.domain.version_tests.tables import VersionTest
from modelyard.entrypoints.web.deploy_changes import SCOPES
from modelyard.entrypoints.web.deploy_panels import address_of_deployment, panel_of
from modelyard.entrypoints.web.model_cards import picture_of
from modelyard.entrypoints.web.trial_outputs import shown_outputs

LOG_LINES = 200
TAGS_OFFERED = 30


@dataclass(frozen=True, slots=True)
class Looking:
    """Who looks at a deployment, and when."""

    platform: Platform
    actor: Actor
    now: datetime


@dataclass(frozen=True, slots=True)
class Transfer:
    """How fast an image comes: bytes so far and in all, bytes for each second, seconds that are left at that pace."""

    done: float
    total: int
    rate: float
    left_seconds: float


@dataclass(frozen=True, slots=True)
class ContainerLog:
    """What a container has printed so far, or why that cannot be read."""

    text: str
    is_live: bool
    note: str = ""


async def read_extras(session: AsyncSession, panel: str, looking: Looking, found: Deployment) -> dict[str, Any]:
    """What a panel shows of the database."""
    return await _READERS[panel](session, looking, found) if panel in _READERS else {}


def transfer_of(image: ContainerImage, now: datetime) -> Transfer | None:
    """How fast an image comes, counted from when it was asked for; None while that says nothing."""
    share, elapsed = transferred_share(image), milliseconds_between(image.created_at, now) / 1000
    if not share or not image.size or elapsed <= 0:
        return None
    done = share * image.size
    return Transfer(done, image.size, done / elapsed, (image.size - done) / (done / elapsed))


async def read_container_log(platform: Platform, engine: Engine | None) -> ContainerLog | None:
    """What the container of a test prints, or has printed. Asks the runtime, so never within a transaction."""
    if engine is None:
        return None
    if engine.state not in LIVE:
        return ContainerLog(engine.technical_information or "", is_live=False)
    if not engine.container:
        return ContainerLog("", is_live=True, note="The container is being started.")
    try:
        pieces = [piece async for piece in platform.read_log(engine, lines=LOG_LINES)]
    except PlatformError as error:
        return ContainerLog("", is_live=True, note=error.message)
    return ContainerLog("".join(pieces), is_live=True)


async def _image(_session: AsyncSession, looking: Looking, found: Deployment) -> dict[str, Any]:
    image = found.version.image
    largest = looking.platform.settings.max_upload_bytes
    return {"transfer": transfer_of(image, looking.now) if image else None, "largest": largest}


async def _resources(session: AsyncSession, looking: Looking, found: Deployment) -> dict[str, Any]:
    model, current = found.version.model, found.version.requirement
    presets = await list_presets(session, model.account_id, model.id)
    if current is not None and current.id not in {preset.id for preset in presets}:
        presets.append(current)
    return {"presets": presets, "preset_facts": _preset_facts, "report": await _report(session, looking, found)}


def _preset_facts(preset: Requirement) -> str:
    gpus = f", {preset.gpu_units} GPU" if preset.gpu_units else ""
    price = f", {preset.price} an hour" if preset.price else ""
    return f"{preset.cpu_millis / 1000:g} CPU, {preset.memory_bytes / 1e9:g} GB{gpus}{price}"


async def _report(session: AsyncSession, looking: Looking, found: Deployment) -> VersionReport | None:
    try:
        return await read_report(session, looking.actor, found.version.model_id, found.version.version)
    except NoReport:
        return None


async def _test(session: AsyncSession, looking: Looking, test: VersionTest | None) -> dict[str, Any]:
    if test is None:
        return {"test": None, "report_progress": None, "seconds": 0.0, "engine": None}
    until = test.finished_at or looking.now
    seconds = milliseconds_between(test.started_at, until) / 1000 if test.started_at else 0.0
    progress, engine = await find_progress(session, test), await find_trial_engine(session, test)
    return {"test": test, "report_progress": progress, "seconds": seconds, "engine": engine}


async def _load_test(session: AsyncSession, looking: Looking, found: Deployment) -> dict[str, Any]:
    return {**await _test(session, looking, found.load), "missing": _linked(found, lacking(found.steps, (3, 4, 5)))}


async def _run_test(session: AsyncSession, looking: Looking, found: Deployment) -> dict[str, Any]:
    here = address_of_deployment(found.version.model_id, found.version.version)
    outputs = shown_outputs(found.run, here) if found.run else []
    missing = _linked(found, lacking(found.steps, (5, 7, 8, 9, 10)))
    return {**await _test(session, looking, found.run), "outputs": outputs, "missing": missing}


def _linked(found: Deployment, steps: Sequence[Step]) -> list[tuple[Step, str]]:
    """Steps with where they are taken."""
    row = found.version
    return [(step, address_of_deployment(row.model_id, row.version, panel_of(step).name)) for step in steps]


async def _test_files(_session: AsyncSession, looking: Looking, found: Deployment) -> dict[str, Any]:
    files = {file.name: file for file in found.version.test_inputs}
    return {"files": files, "largest": looking.platform.settings.max_test_input_bytes}


async def _card(_session: AsyncSession, _looking: Looking, _found: Deployment) -> dict[str, Any]:
    return {"texts": TEXTS, "ratings": [("", "not rated"), *((str(rating), str(rating)) for rating in RiskRating)]}


async def _tags(session: AsyncSession, looking: Looking, found: Deployment) -> dict[str, Any]:
    choices = {category: [(tag_identifier(name), name) for name in PREDEFINED[category]] for category in CATEGORIES}
    own = {tag.identifier for tag in found.version.model.tags}
    used = await list_used_tags(session, looking.actor, most=TAGS_OFFERED)
    others = [(tag.identifier, tag.name) for tag in used if tag.identifier not in own]
    return {"choices": choices | ({"Used by other models": others} if others else {})}


async def _picture(_session: AsyncSession, _looking: Looking, found: Deployment) -> dict[str, Any]:
    return {"shown": picture_of(found.version.model, "card")}


async def _deploy(session: AsyncSession, looking: Looking, found: Deployment) -> dict[str, Any]:
    row = found.version
    before = row.model.latest_active_version
    is_compared = bool(before) and before != row.version
    changes = await diff_versions(session, looking.actor, row.model_id, before, row.version) if is_compared else []
    return {
        "missing": _linked(found, missing_before(found.steps)),
        "before": before if is_compared else "",
        "changes": changes,
        "warnings": [] if found.is_active else await activation_warnings(session, row),
        "scopes": [(str(scope), words) for scope, words in SCOPES.items()],
        "may_decide": decisions.may_decide(looking.actor, row, found.approval),
    }


_Reader = Callable[[AsyncSession, Looking, Deployment], Awaitable[dict[str, Any]]]
_READERS: dict[str, _Reader] = {
    "image": _image,
    "resources": _resources,
    "load-test": _load_test,
    "test-files": _test_files,
    "run-test": _run_test,
    "card": _card,
    "tags": _tags,
    "picture": _picture,
    "deploy": _deploy,
}
