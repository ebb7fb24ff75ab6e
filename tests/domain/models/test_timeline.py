"""The history of a model: every kind of event is there, readable, newest first, for whoever sees the model."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select

from modelyard.adapters.imaging.base import Cut, CutPicture
from modelyard.core.database import Database
from modelyard.core.paging import Page
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.audit.tables import AuditEvent
from modelyard.domain.images.progress import ImportProgress
from modelyard.domain.models.catalog import ModelNotFound, change_model
from modelyard.domain.models.event_titles import title_of
from modelyard.domain.models.image_records import record_import
from modelyard.domain.models.picture_files import name_picture
from modelyard.domain.models.pictures import Words, set_picture
from modelyard.domain.models.samples import write_sample
from modelyard.domain.models.sharing import set_visibility
from modelyard.domain.models.tables import Version
from modelyard.domain.models.timeline import TimelineEntry, list_timeline
from modelyard.domain.models.versions import create_version
from tests.cast import CAST
from tests.domain.models.approval_steps import BOTH, NO, YES, add_ready, ask_roles, change, say
from tests.library import add_model, held_image, read_version_row
from tests.manual_clock import ManualClock

SECRET = "hunter2-the-password"


async def _timeline(
    database: Database, model_id: str, *, actor: Actor = CAST.alice, page: Page | None = None
) -> list[TimelineEntry]:
    async with database.read() as session:
        return (await list_timeline(session, actor, model_id, page or Page())).entries


async def _details(database: Database, action: str) -> dict[str, Any]:
    async with database.read() as session:
        events = await session.scalars(select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id))
        return events.all()[-1].details


async def test_a_life_told_in_sentences(database: Database) -> None:
    clock = ManualClock()
    await ask_roles(database, "RISK", "LEGAL")
    model_id = await add_ready(database)
    steps: list[Callable[[], Awaitable[Version]]] = [
        lambda: change(database, model_id, clock=clock, long_description="A card.", run_timeout_ms=7000),
        lambda: change(database, model_id, clock=clock, status="active"),
        lambda: say(database, model_id, BOTH, NO, clock=clock),
        lambda: change(database, model_id, clock=clock, status="active"),
        lambda: say(database, model_id, BOTH, YES, clock=clock),
        lambda: change(database, model_id, clock=clock, status="inactive"),
    ]
    for step in steps:
        await clock.advance(60)
        await step()
    async with database.write() as session:
        await set_visibility(session, clock, CAST.olga, model_id, scope="TEAM", teams=[CAST.olga.team_id])

    entries = await _timeline(database, model_id)
    assert [entry.title for entry in reversed(entries)] == [
        "The model was created.",
        "Version 0.1.0 changed: description and run timeout.",
        "The approval of version 0.1.0 was asked for, from RISK and LEGAL.",
        "Version 0.1.0 was rejected for RISK and LEGAL: The card says nothing of its limits.",
        "The approval of version 0.1.0 was asked for, from RISK and LEGAL.",
        "Version 0.1.0 was approved for RISK and LEGAL.",
        "Version 0.1.0 became active.",
        "Version 0.1.0 was taken out of service.",
        "The model became visible to its team and 1 team more.",
    ]
    assert (entries[0].by, entries[0].by_full_name, entries[0].version) == (CAST.olga.email, "Olga Example", None)
    assert entries[2].details == {"before": {"status": "partial"}, "after": {"status": "active"}}
    assert [entry.at for entry in entries] == sorted((entry.at for entry in entries), reverse=True)


async def test_only_what_happened_to_this_model(database: Database) -> None:
    first, second = await add_model(database, CAST.alice), await add_model(database, CAST.alice, name="other")
    async with database.write() as session:
        await create_version(session, ManualClock(), CAST.alice, second, version="0.2.0")

    assert [entry.action for entry in await _timeline(database, first)] == ["model:created"]
    assert [entry.version for entry in await _timeline(database, second)] == ["0.2.0", None]


async def test_pages(database: Database) -> None:
    model_id = await add_model(database, CAST.alice)
    for number in range(1, 5):
        await change(database, model_id, version_history=str(number))

    everything = await _timeline(database, model_id)
    assert len(everything) == 5
    pages = [await _timeline(database, model_id, page=Page(number, 2)) for number in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert [entry for page in pages for entry in page] == everything
    async with database.read() as session:
        assert (await list_timeline(session, CAST.alice, model_id, Page(1, 2))).has_next
        assert not (await list_timeline(session, CAST.alice, model_id, Page(3, 2))).has_next
        assert not (await list_timeline(session, CAST.alice, model_id, Page())).has_next


async def test_a_hidden_model_has_no_history(database: Database) -> None:
    model_id = await add_model(database, CAST.alice)
    for actor in (CAST.bob, CAST.charlie):
        with pytest.raises(ModelNotFound):
            await _timeline(database, model_id, actor=actor)
    assert len(await _timeline(database, model_id, actor=CAST.olga)) == 1


async def test_changes_of_a_model_say_what_was_and_what_is(database: Database) -> None:
    model_id = await add_model(database, CAST.alice)
    async with database.write() as session:
        await change_model(session, ManualClock(), CAST.alice, model_id, name="other", tags=["Image", "our own"])
    assert await _details(database, "model:changed") == {
        "before": {"name": "echo", "tags": []},
        "after": {"name": "other", "tags": ["image", "our_own"]},
    }
    async with database.write() as session:
        await change_model(session, ManualClock(), CAST.alice, model_id, name="other", tags=["Image", "our own"])
    titles = [entry.title for entry in await _timeline(database, model_id)]
    assert titles == ["The model changed: name and tags.", "The model was created."]


async def test_long_texts_are_shortened(database: Database) -> None:
    model_id = await add_model(database, CAST.alice)
    await change(database, model_id, long_description="x" * 10_000, statistics=[{"description": "y" * 10_000}])
    details = await _details(database, "model:version:changed")

    assert details["before"] == {"long_description": "", "statistics": []}
    assert details["after"]["long_description"] == {"beginning": "x" * 500, "length": 10_000}
    assert details["after"]["statistics"]["length"] > 10_000
    assert len(str(details)) < 2000


async def test_samples_and_pictures_keep_their_contents_to_themselves(database: Database) -> None:
    model_id = await add_model(database, CAST.alice)
    picture = name_picture(CutPicture("png", {"card": Cut(b"", b"")}))
    async with database.write() as session:
        sample = {"secretAccessKey": SECRET}
        await write_sample(session, ManualClock(), CAST.alice, model_id, "0.1.0", "input", sample)
        await set_picture(session, ManualClock(), CAST.alice, model_id, picture, Words("Our model"))
    entries = await _timeline(database, model_id)

    assert [entry.title for entry in entries[:2]] == [
        "The model got a picture.",
        "The sample input of version 0.1.0 changed.",
    ]
    assert entries[0].details == {"before": None, "after": {"caption": "Our model", "alt": None}}
    assert entries[1].details["before"] == {"size": 0}
    assert SECRET not in str(entries)
    assert picture.id not in str(entries)


@pytest.mark.parametrize("has_failed", [False, True])
async def test_how_imports_end(database: Database, has_failed: bool) -> None:
    model_id = await add_ready(database)
    image_id = (await read_version_row(database, model_id)).image_id
    assert image_id is not None
    progress = ImportProgress(database, ManualClock(), image_id, record_import)
    await progress.step("Uploading container image", 20)
    await (progress.failed(ModelNotFound("x")) if has_failed else progress.completed())

    entry = (await _timeline(database, model_id))[0]
    assert (entry.by, entry.by_full_name, entry.version) == ("platform", None, "0.1.0")
    if has_failed:
        assert entry.title.startswith("The import of the image of version 0.1.0 failed: There is no model")
    else:
        assert entry.title == "The image of version 0.1.0 was imported."
        assert entry.details["after"]["digest"] == "sha256:" + "d" * 64


async def test_an_image_that_no_version_has_any_more_tells_nothing(database: Database) -> None:
    model_id = await add_ready(database)
    image = held_image("sha256:" + "c" * 64)
    async with database.write() as session:
        session.add(image)
    await ImportProgress(database, ManualClock(), image.id, record_import).completed()

    assert [entry.action for entry in await _timeline(database, model_id)] == ["model:created"]


@pytest.mark.parametrize(
    ("action", "version", "details", "title"),
    [
        ("model:version:engine-limit-set", "0.1.0", {}, "Version 0.1.0: engine limit set."),
        ("model:given-away", None, {}, "The model: given away."),
        ("model:changed", None, {"fields": ["name"]}, "The model changed: name."),
        ("model:changed", None, {}, "The model changed."),
        ("model:visibility-changed", None, {"after": {"scope": "ALL"}}, "The model became visible to everybody."),
        (
            "model:visibility-changed",
            None,
            {"after": {"scope": "TEAM", "teams": ["a", "b"]}},
            "The model became visible to its team and 2 teams more.",
        ),
        ("model:version:load-test-failed", "1.0.0", {"error": "{x} %s"}, "Version 1.0.0 failed its load test: {x} %s"),
        (
            "model:version:run-test-failed",
            "1.0.0",
            {"error": {"beginning": "long", "length": 900}},
            "Version 1.0.0 failed its run test: long…",
        ),
        ("model:version:approved", "1.0.0", {}, "Version 1.0.0 was approved for somebody."),
        ("model:version:rejected", "1.0.0", {}, "Version 1.0.0 was rejected for somebody: no reason was given"),
    ],
)
def test_titles(action: str, version: str | None, details: dict[str, Any], title: str) -> None:
    assert title_of(action, version, details) == title
