"""Deleting, restoring and removing: what is gone is gone everywhere, and what comes back is whole."""

from typing import Any

import pytest
from sqlalchemy import func, select

from modelyard.core.database import Base, Database
from modelyard.core.errors import PlatformError
from modelyard.core.ids import new_uuid
from modelyard.core.paging import Page, Sort
from modelyard.domain.accounts.actor import Actor, RoleMissing
from modelyard.domain.engines.tables import Engine, EngineState, Purpose
from modelyard.domain.images.tables import ContainerImage
from modelyard.domain.jobs.demand import read_demand
from modelyard.domain.jobs.occupancy import read_occupancy
from modelyard.domain.jobs.pace import Pace
from modelyard.domain.jobs.queries import find_job
from modelyard.domain.jobs.status import JobStatus
from modelyard.domain.jobs.tables import Job
from modelyard.domain.models.catalog import ModelNotFound, VersionNotFound, change_model, find_model, find_version
from modelyard.domain.models.filters import ModelFilter, VersionFilter
from modelyard.domain.models.live_at import read_live_at
from modelyard.domain.models.queries import list_latest, list_models, list_tagged
from modelyard.domain.models.related import list_related
from modelyard.domain.models.tables import LooseFile, Model, Picture, Scope, TestInput, Version, VersionStatus
from modelyard.domain.models.version_queries import list_all_versions
from modelyard.domain.models.versions import VersionExists, create_version
from modelyard.domain.models.visibility import NotYourModel
from modelyard.domain.removal.delete import OnlyVersion, delete_model, delete_version
from modelyard.domain.removal.files import REMOVE
from modelyard.domain.removal.remove import remove_model, remove_version
from modelyard.domain.removal.restore import (
    NameInUse,
    NotDeleted,
    list_deleted_models,
    list_deleted_versions,
    restore_model,
    restore_version,
)
from modelyard.domain.removal.under_way import JobsUnfinished, StillInUse
from modelyard.domain.version_tests.tables import TestKind, TestState, VersionTest
from modelyard.domain.work.tables import Work
from tests.cast import CAST
from tests.domain.jobs.steps import submit
from tests.library import add_active, add_model, audited, read_version_row, set_scope
from tests.manual_clock import ManualClock

CLOCK = ManualClock()
NOW = CLOCK.now()


async def _do(database: Database, act: Any, actor: Actor, *names: str, **options: Any) -> Any:
    async with database.write() as session:
        return await act(session, CLOCK, actor, *names, **options)


async def _refused(database: Database, error: type[PlatformError], act: Any, actor: Actor, *names: str) -> str:
    with pytest.raises(error) as raised:
        await _do(database, act, actor, *names)
    return str(raised.value)


async def _finish_jobs(database: Database) -> None:
    async with database.write() as session:
        for job in await session.scalars(select(Job)):
            job.status = JobStatus.COMPLETED


async def test_a_deleted_model_is_nowhere(database: Database) -> None:
    model_id = await add_active(database, CAST.alice, minimum_engines=1)
    other = await add_model(database, CAST.alice, name="echo two")
    async with database.write() as session:
        for each in (model_id, other):
            await change_model(session, CLOCK, CAST.alice, each, tags=["loud"])
    await set_scope(database, model_id, Scope.ALL)

    await _do(database, delete_model, CAST.alice, model_id)

    async with database.read() as session:
        for actor in CAST.everybody():
            args = (session, NOW, actor)
            assert model_id not in {
                *(m.id for m in (await list_models(*args, ModelFilter(), Page(), Sort())).entries),
                *(m.id for m in (await list_latest(*args, ModelFilter(), Page(), Sort())).entries),
                *(v.model_id for v in (await list_all_versions(*args, VersionFilter(), Page(), Sort())).entries),
                *(m.id for m in (await list_tagged(session, actor, ["loud"], Page())).entries),
                *(entry.version.model_id for entry in await read_occupancy(session, CLOCK, actor)),
            }
            with pytest.raises(ModelNotFound):
                await find_model(session, actor, model_id)
            with pytest.raises(ModelNotFound):
                await find_version(session, actor, model_id, "0.1.0")
        assert (await list_tagged(session, None, ["loud"], Page())).entries == []
        assert await list_related(session, CAST.alice, other) == []
        assert await read_demand(session, [], pace=Pace()) == {}
    with pytest.raises(ModelNotFound):
        await submit(database, CLOCK, model_id)
    row = await read_version_row(database, model_id)
    assert row.status == VersionStatus.INACTIVE
    assert (await audited(database))[-2:] == ["model:version:deactivated", "model:deleted"]


async def test_a_restored_model_is_whole_but_not_active(database: Database) -> None:
    model_id = await add_active(database, CAST.alice)
    async with database.write() as session:
        await change_model(session, CLOCK, CAST.alice, model_id, tags=["loud"], description="A summary.")
    await _do(database, delete_model, CAST.alice, model_id)
    async with database.read() as session:
        deleted = await list_deleted_models(session, CAST.alice, Page(1, 1))
        assert [(model.id, model.deleted_by) for model in deleted.entries] == [(model_id, CAST.alice.email)]
        assert not deleted.has_next
        assert (await list_deleted_models(session, CAST.olga, Page())).entries != []
        assert (await list_deleted_models(session, CAST.bob, Page())).entries == []
        assert (await list_deleted_models(session, CAST.charlie, Page())).entries == []

    model = await _do(database, restore_model, CAST.alice, model_id)

    assert ([tag.name for tag in model.tags], model.description) == (["loud"], "A summary.")
    assert (model.is_active, model.latest_version, model.latest_active_version) == (False, "0.1.0", "")
    async with database.read() as session:
        version = await find_version(session, CAST.alice, model_id, "0.1.0")
        assert (version.status, version.load_passed, version.image is not None) == ("inactive", True, True)
        then = await read_live_at(session, CAST.alice, model_id, NOW)
        assert then.live == []
    assert "nothing to restore" in await _refused(database, NotDeleted, restore_model, CAST.alice, model_id)
    assert (await audited(database, f"model/{model_id}"))[-2:] == ["model:deleted", "model:restored"]


async def test_who_may_not_change_a_model_cannot_delete_or_restore_it(database: Database) -> None:
    model_id = await add_model(database, CAST.alice)
    await _refused(database, ModelNotFound, delete_model, CAST.bob, model_id)
    await set_scope(database, model_id, Scope.TEAM)
    await _refused(database, NotYourModel, delete_model, CAST.bob, model_id)
    await _refused(database, NotYourModel, delete_version, CAST.bob, model_id, "0.1.0")
    await _refused(database, NotYourModel, restore_model, CAST.bob, model_id)
    await _refused(database, RoleMissing, remove_model, CAST.alice, model_id)
    await _refused(database, RoleMissing, remove_version, CAST.alice, model_id, "0.1.0")
    await _do(database, delete_model, CAST.alice, model_id)
    for actor in (CAST.bob, CAST.charlie):
        await _refused(database, ModelNotFound, restore_model, actor, model_id)
        await _refused(database, ModelNotFound, remove_model, actor, model_id)
    await _refused(database, RoleMissing, remove_model, CAST.alice, model_id)


async def test_a_name_in_use_by_now_has_to_be_another_one(database: Database) -> None:
    first = await add_model(database, CAST.alice, name="Echo")
    await _do(database, delete_model, CAST.alice, first)
    second = await add_model(database, CAST.alice, name="ECHO")

    message = await _refused(database, NameInUse, restore_model, CAST.alice, first)
    restored = await _do(database, restore_model, CAST.alice, first, name="Echo again")

    assert "'Echo'" in message
    assert second in message
    assert restored.name == "Echo again"


async def test_a_name_of_somebody_else_is_not_told_of(database: Database) -> None:
    first = await add_model(database, CAST.alice, name="Echo")
    await _do(database, delete_model, CAST.alice, first)
    hidden = await add_model(database, CAST.bob, name="Echo")

    message = await _refused(database, NameInUse, restore_model, CAST.alice, first)

    assert hidden not in message
    assert "may not see" in message


async def test_jobs_under_way_keep_what_they_run_on(database: Database) -> None:
    model_id = await add_active(database, CAST.alice)
    async with database.write() as session:
        await create_version(session, CLOCK, CAST.alice, model_id, version="0.2.0")
    await set_scope(database, model_id, Scope.ALL)
    ours = (await submit(database, CLOCK, model_id)).job.id
    theirs = (await submit(database, CLOCK, model_id, actor=CAST.charlie)).job.id

    for act, names in ((delete_model, [model_id]), (delete_version, [model_id, "0.1.0"])):
        message = await _refused(database, JobsUnfinished, act, CAST.alice, *names)
        assert ours in message
        assert theirs not in message
        assert "1 others" in message
    await _refused(database, JobsUnfinished, remove_model, CAST.olga, model_id)
    async with database.read() as session:
        assert (await find_model(session, CAST.alice, model_id)).is_active
    await _finish_jobs(database)
    await _do(database, delete_model, CAST.alice, model_id)
    async with database.read() as session:
        assert (await find_job(session, CAST.alice, ours)).job.version == "0.1.0"


async def test_a_deleted_version_leaves_its_number_behind(database: Database) -> None:
    model_id = await add_active(database, CAST.alice)
    assert "only version" in await _refused(database, OnlyVersion, delete_version, CAST.alice, model_id, "0.1.0")
    async with database.write() as session:
        await create_version(session, CLOCK, CAST.alice, model_id, version="0.2.0")

    await _do(database, delete_version, CAST.alice, model_id, "0.1.0")

    async with database.read() as session:
        model = await find_model(session, CAST.alice, model_id)
        assert ([row.version for row in model.versions], model.is_active) == (["0.2.0"], False)
        with pytest.raises(VersionNotFound):
            await find_version(session, CAST.alice, model_id, "0.1.0")
        deleted = await list_deleted_versions(session, CAST.alice, model_id, Page())
        assert [row.version for row in deleted.entries] == ["0.1.0"]
    with pytest.raises(VersionExists, match=r"already exists.*restore it"):
        await _do(database, create_version, CAST.alice, model_id, version="0.1.0")
    await _refused(database, OnlyVersion, delete_version, CAST.alice, model_id, "0.2.0")
    await _refused(database, VersionNotFound, restore_version, CAST.alice, model_id, "9.9.9")

    restored = await _do(database, restore_version, CAST.alice, model_id, "0.1.0")

    assert (restored.status, restored.model.latest_version) == ("inactive", "0.2.0")
    await _refused(database, NotDeleted, restore_version, CAST.alice, model_id, "0.1.0")
    assert (await audited(database, f"model/{model_id}/0.1.0"))[-3:] == [
        *("model:version:deactivated", "model:version:deleted", "model:version:restored"),
    ]


async def test_a_version_that_waits_for_approval_is_out_of_the_approvers_hands(database: Database) -> None:
    model_id = await add_active(
        database, CAST.alice, status="partial", approval_asked_at=NOW, approval_asked_by=CAST.bob.user_id
    )

    await _do(database, delete_model, CAST.alice, model_id)

    assert (await read_version_row(database, model_id)).approval_asked_at is None


async def _furnish(database: Database, model_id: str) -> None:
    """One of everything that hangs off a model and its version."""
    version = await read_version_row(database, model_id)
    async with database.write() as session:
        await change_model(session, CLOCK, CAST.alice, model_id, tags=["loud"])
        session.add_all(
            [
                Picture(id="p", kind="picture", model_id=model_id, relations=["card"], extension="png", has_webp=False),
                TestInput(
                    version_id=version.id,
                    name="input.txt",
                    file_name="a",
                    media_type="text/plain",
                    size=1,
                    storage_key="test-inputs/a",
                ),
                VersionTest(
                    version_id=version.id,
                    kind=TestKind.LOAD,
                    state=TestState.PASSED,
                    step=1,
                    step_name="",
                    percentage=100,
                    explain=False,
                    input_size=0,
                    created_at=NOW,
                ),
                Engine(
                    id=new_uuid(),
                    name="e",
                    version_id=version.id,
                    purpose=Purpose.SERVE,
                    state=EngineState.READY,
                    owner="o",
                    created_at=NOW,
                ),
            ]
        )


async def _set(database: Database, table: Any, state: str) -> None:
    async with database.write() as session:
        for row in await session.scalars(select(table)):
            row.state = state


async def test_removing_for_good_leaves_jobs_and_nothing_else(database: Database) -> None:
    model_id = await add_active(database, CAST.alice)
    await _furnish(database, model_id)
    job = (await submit(database, CLOCK, model_id)).job.id
    await _finish_jobs(database)

    assert "engines run" in await _refused(database, StillInUse, remove_model, CAST.olga, model_id)
    await _do(database, delete_model, CAST.alice, model_id)
    await _set(database, Engine, EngineState.STOPPED)
    await _set(database, VersionTest, TestState.RUNNING)
    assert "tested" in await _refused(database, StillInUse, remove_model, CAST.olga, model_id)
    await _set(database, VersionTest, TestState.PASSED)
    await _set(database, ContainerImage, "running")
    assert "imported" in await _refused(database, StillInUse, remove_model, CAST.olga, model_id)
    await _set(database, ContainerImage, "completed")
    await _do(database, remove_model, CAST.olga, model_id)

    left = {}
    async with database.read() as session:
        for table in Base.metadata.sorted_tables:
            left[table.name] = await session.scalar(select(func.count()).select_from(table))
        work = (await session.scalars(select(Work).where(Work.kind == REMOVE))).one()
        shown = (await find_job(session, CAST.alice, job)).job
        loose = list(await session.scalars(select(LooseFile.storage_key)))
    for name in ("models", "versions", "model_tags", "model_terms", "pictures", "test_inputs", "version_tests"):
        assert left[name] == 0, name
    assert (left["engines"], left["container_images"], left["jobs"], left["job_items"]) == (0, 0, 1, 2)
    assert work.payload["keys"] == ["test-inputs/a"]
    assert loose == ["pictures/p_card.png"]
    assert list(work.payload["images"].values()) == ["sha256:" + "a" * 64]
    assert (shown.model_name, shown.model_id, shown.version) == ("echo", model_id, "0.1.0")
    await _refused(database, ModelNotFound, restore_model, CAST.alice, model_id)
    assert (await audited(database, f"model/{model_id}"))[-1] == "model:removed"


async def test_the_number_of_a_removed_version_never_stands_for_another(database: Database) -> None:
    model_id = await add_active(database, CAST.alice)
    async with database.write() as session:
        old = (await create_version(session, CLOCK, CAST.alice, model_id, version="0.2.0")).id

    await _do(database, remove_version, CAST.olga, model_id, "0.2.0")

    async with database.write() as session:
        assert (await create_version(session, CLOCK, CAST.alice, model_id, version="0.2.0")).id > old
    await _refused(database, VersionNotFound, remove_version, CAST.olga, model_id, "9.9.9")


async def test_removing_a_version_keeps_an_image_that_another_has(database: Database) -> None:
    model_id = await add_active(database, CAST.alice)
    image = (await read_version_row(database, model_id)).image_id
    async with database.write() as session:
        row = await create_version(session, CLOCK, CAST.alice, model_id, version="0.2.0")
        (await session.get_one(Version, row.id)).image_id = image

    await _do(database, delete_version, CAST.alice, model_id, "0.1.0")
    await _refused(database, OnlyVersion, remove_version, CAST.olga, model_id, "0.2.0")
    await _do(database, remove_version, CAST.olga, model_id, "0.1.0")

    async with database.read() as session:
        assert await session.get(ContainerImage, image) is not None
        assert (await session.scalars(select(Model.latest_version))).all() == ["0.2.0"]
        assert (await session.scalars(select(Work).where(Work.kind == REMOVE))).all() == []
