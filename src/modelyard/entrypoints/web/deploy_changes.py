"""What the forms of the wizard change: each reads what was typed, and calls the function that the API calls."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.app import Platform
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.models import sharing, versions
from modelyard.domain.models.card_content import TEXTS, card_of
from modelyard.domain.models.cards import write_card
from modelyard.domain.models.catalog import change_model, find_model, find_version
from modelyard.domain.models.metadata import VersionChanges
from modelyard.domain.models.tables import Scope
from modelyard.domain.models.visibility import may_change
from modelyard.domain.version_tests.request import request_load_test, request_run_test
from modelyard.entrypoints.web.deploy_panels import PanelUnknown
from modelyard.entrypoints.web.deploy_values import typed_rows
from modelyard.entrypoints.web.forms import first
from modelyard.entrypoints.web.typed_values import Reading, Row


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody has sent from one panel of the wizard."""

    platform: Platform
    actor: Actor
    model_id: str
    version: str
    form: dict[str, list[str]]

    def text(self, name: str) -> str:
        """The text of a field; line ends are sent as two characters, and stored as one."""
        return first(self.form, name).replace("\r\n", "\n")

    async def of_version(self, session: AsyncSession, changes: VersionChanges) -> None:
        """Changes the version as the API does."""
        await versions.change_version(
            session,
            self.platform.clock,
            self.actor,
            self.model_id,
            self.version,
            changes,
            default_engines=self.platform.settings.processing_engines,
        )


async def save_panel(session: AsyncSession, panel: str, change: Change) -> None:
    """Does what a panel's form asks for. Raises PanelUnknown, and what the domain raises."""
    if panel not in _SAVES:
        raise PanelUnknown(panel)
    await _SAVES[panel](session, change)


async def _save_name(session: AsyncSession, change: Change) -> None:
    name, summary = change.text("name"), change.text("description").strip()
    whose = (session, change.platform.clock, change.actor, change.model_id)
    await change_model(*whose, name=name, description=summary)


async def _save_resources(session: AsyncSession, change: Change) -> None:
    """Fields that are empty are left for later."""
    reading = Reading()

    def read_if_typed(read: Callable[[str, str], int], place: str) -> int | None:
        text = change.text(place)
        return read(place, text) if text.strip() else None

    before = await find_version(session, change.actor, change.model_id, change.version)
    minimum = read_if_typed(reading.whole, "processing.minimumParallelCapacity")
    maximum = read_if_typed(reading.whole, "processing.maximumParallelCapacity")
    changes = VersionChanges(
        requirement_id=read_if_typed(reading.whole, "requirement.requirementId"),
        status_timeout_ms=read_if_typed(reading.milliseconds, "timeout.status"),
        run_timeout_ms=read_if_typed(reading.milliseconds, "timeout.run"),
        # What is as it was is left out: to change how many engines there are takes a permission of its own.
        minimum_engines=None if minimum == before.minimum_engines else minimum,
        maximum_engines=None if maximum == before.maximum_engines else maximum,
        unread=tuple(reading.unread),
    )
    await change.of_version(session, changes)


async def _save_metrics(session: AsyncSession, change: Change) -> None:
    """Members that the form does not show stay as they are, where the metric keeps its label."""
    reading = Reading()
    before = await find_version(session, change.actor, change.model_id, change.version)
    known = {str(entry.get("label")): entry for entry in before.statistics}
    statistics = [
        {**known.get(row["label"], {}), **_metric(reading, position, row)}
        for position, row in enumerate(typed_rows("metrics", change.form, "statistics"))
    ]
    await change.of_version(session, VersionChanges(statistics=statistics, unread=tuple(reading.unread)))


def _metric(reading: Reading, position: int, row: Row) -> dict[str, Any]:
    value = reading.number(f"statistics[{position}].value", row["value"])
    texts = {name: row[name].strip() for name in ("label", "type", "category", "description")}
    return {**texts, "value": value, "highlight": bool(row["highlight"]), "order": position + 1}


async def _save_contract(session: AsyncSession, change: Change) -> None:
    """A list that is empty, and always was, is not there yet: the one above may be saved without it."""
    reading = Reading()
    before = await find_version(session, change.actor, change.model_id, change.version)
    inputs, outputs = (
        [
            _with_size(reading, f"{name}[{position}]", row)
            for position, row in enumerate(typed_rows("contract", change.form, name))
        ]
        or (None if getattr(before, name) is None else [])
        for name in ("inputs", "outputs")
    )
    changes = VersionChanges(
        inputs=inputs,
        outputs=outputs,
        input_validation_schema=change.text("inputValidationSchema").strip(),
        unread=tuple(reading.unread),
    )
    await change.of_version(session, changes)


def _with_size(reading: Reading, place: str, row: Row) -> dict[str, Any]:
    texts = {name: text.replace("\r\n", "\n").strip() for name, text in row.items()}
    return {**texts, "maximumSize": reading.size(f"{place}.maximumSize", row["maximumSize"])}


async def _save_words(session: AsyncSession, change: Change) -> None:
    description, notes = change.text("longDescription"), change.text("versionHistory")
    await change.of_version(session, VersionChanges(long_description=description, version_history=notes))


async def _save_card(session: AsyncSession, change: Change) -> None:
    """The card first, while it is at the revision that the form was filled in for."""
    reading, text = Reading(), change.text
    groups = typed_rows("card", change.form, "metricsByGroup")
    plain: dict[str, Any] = {
        **{name: text(name) for name in (*TEXTS, "licence")},
        "risk": {"rating": text("risk.rating"), "reason": text("risk.reason")},
        "languages": _split(text("languages")),
        "metricsByGroup": [_group(reading, f"metricsByGroup[{at}]", row) for at, row in enumerate(groups)],
        "contacts": typed_rows("card", change.form, "contacts"),
    }
    known = {reading.whole("revision", text("revision"))}
    card = card_of(plain, tuple(reading.unread))
    whose = (session, change.platform.clock, change.actor, change.model_id, change.version)
    await write_card(*whose, card, known=known)
    technical, performance = text("technicalDetails"), text("performanceSummary")
    await change.of_version(session, VersionChanges(technical_details=technical, performance_summary=performance))


def _group(reading: Reading, place: str, row: Row) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    if row["value"].strip():
        numbers["value"] = reading.number(f"{place}.value", row["value"])
    if row["sampleCount"].strip():
        numbers["sampleCount"] = reading.whole(f"{place}.sampleCount", row["sampleCount"])
    return {"group": row["group"], "metric": row["metric"], "note": row["note"], **numbers}


async def _save_tags(session: AsyncSession, change: Change) -> None:
    tags = [*change.form.get("tags", ()), *_split(change.text("own"))]
    await change_model(session, change.platform.clock, change.actor, change.model_id, tags=tags)


def _split(text: str) -> list[str]:
    return [part for part in (each.strip() for each in text.split(",")) if part]


async def _start_load_test(session: AsyncSession, change: Change) -> None:
    await request_load_test(session, change.platform.clock, change.actor, change.model_id, change.version)


async def _start_run_test(session: AsyncSession, change: Change) -> None:
    explain = bool(change.text("explain"))
    whose = (change.platform.clock, change.actor, change.model_id, change.version)
    await request_run_test(session, *whose, explain=explain)


async def _deploy(session: AsyncSession, change: Change) -> None:
    """Who may see the model, and the version's status: the button that was pressed says which."""
    model = await find_model(session, change.actor, change.model_id)
    scope = change.text("scope")
    if scope and scope != model.scope and may_change(change.actor, model):
        await sharing.set_visibility(session, change.platform.clock, change.actor, change.model_id, scope=scope)
    if status := change.text("status"):
        await change.of_version(session, VersionChanges(status=status))


_Save = Callable[[AsyncSession, Change], Awaitable[None]]
_SAVES: Mapping[str, _Save] = {
    "name": _save_name,
    "resources": _save_resources,
    "metrics": _save_metrics,
    "contract": _save_contract,
    "words": _save_words,
    "card": _save_card,
    "tags": _save_tags,
    "load-test": _start_load_test,
    "run-test": _start_run_test,
    "deploy": _deploy,
}
STAY_AFTER: Sequence[str] = ("load-test", "run-test", "deploy")
"""Panels that show what comes of what was sent."""
SCOPES = {
    Scope.PRIVATE: "Only me",
    Scope.TEAM: "My team",
    Scope.ACCOUNT: "Everybody in the account",
    Scope.ALL: "Everybody on this server",
}
