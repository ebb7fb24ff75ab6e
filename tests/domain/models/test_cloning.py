"""A clone has all that describes a version, and nothing that was found out about it."""

from typing import Any

import pytest
from sqlalchemy import select

from modelyard.adapters.storage.base import Storage
from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.database import Database
from modelyard.domain.accounts.actor import RoleMissing
from modelyard.domain.accounts.roles import Role
from modelyard.domain.models.catalog import ModelNotFound, VersionNotFound, find_version
from modelyard.domain.models.cloning import Cloner
from modelyard.domain.models.semantic import VersionMalformed
from modelyard.domain.models.tables import LooseFile, Scope, TestInput, Version
from modelyard.domain.models.versions import VersionExists
from modelyard.domain.models.visibility import NotYourModel
from tests.cast import CAST, with_roles
from tests.library import TEXT_INPUT, add_active, audited, set_scope
from tests.manual_clock import ManualClock

SAMPLE = {"model": {"identifier": "m", "version": "0.1.0"}, "input": {"type": "text"}}


@pytest.fixture
async def storage() -> Storage:
    store = memory_storage()
    await store.put("test-inputs/original", b"a good day")
    return store


@pytest.fixture
async def source(database: Database) -> str:
    """An active version with everything."""
    texts: dict[str, Any] = {
        "long_description": "What it does.",
        "version_history": "New.",
        "statistics": [{"label": "F1"}],
    }
    model_id = await add_active(
        database, CAST.alice, batch_size=4, explains=True, maximum_engines=5, sample_input=SAMPLE, **texts
    )
    async with database.write() as session:
        version = (await session.scalars(select(Version))).one()
        values = {"file_name": "a.txt", "media_type": "text/plain", "size": 10}
        session.add(TestInput(version_id=version.id, name="input.txt", storage_key="test-inputs/original", **values))
    return model_id


async def test_a_clone(database: Database, clock: ManualClock, storage: Storage, source: str) -> None:
    await Cloner(database, clock, storage).clone(CAST.alice, source, "0.1.0", to="0.5.0")

    async with database.read() as session:
        row = await find_version(session, CAST.alice, source, "0.5.0")
        original = await find_version(session, CAST.alice, source, "0.1.0")
    assert (row.inputs, row.long_description, row.statistics) == ([TEXT_INPUT], "What it does.", [{"label": "F1"}])
    assert (row.requirement_id, row.status_timeout_ms, row.image_id) == (1, 5000, original.image_id)
    assert row.sample_input == SAMPLE | {"model": {"identifier": "m", "version": "0.5.0"}}
    assert (row.status, row.load_passed, row.run_passed) == ("partial", False, False)
    assert (row.explains, row.batch_size, row.maximum_engines) == (False, 1, 1)
    (file,) = row.test_inputs
    assert file.storage_key != "test-inputs/original"
    assert await storage.get(file.storage_key) == b"a good day"
    async with database.read() as session:
        assert list(await session.scalars(select(LooseFile.storage_key))) == []
    assert (row.model.latest_version, row.model.latest_active_version) == ("0.5.0", "0.1.0")
    assert await audited(database, f"model/{source}/0.5.0") == ["model:version:created"]


async def test_a_clone_without_the_image(database: Database, clock: ManualClock, storage: Storage, source: str) -> None:
    await Cloner(database, clock, storage).clone(CAST.alice, source, "0.1.0", to="0.5.0", with_image=False)

    async with database.read() as session:
        assert (await find_version(session, CAST.alice, source, "0.5.0")).image_id is None


async def test_what_cannot_be_cloned(database: Database, clock: ManualClock, storage: Storage, source: str) -> None:
    cloner = Cloner(database, clock, storage)
    with pytest.raises(VersionExists, match="already exists"):
        await cloner.clone(CAST.alice, source, "0.1.0", to="0.1.0")
    with pytest.raises(VersionMalformed):
        await cloner.clone(CAST.alice, source, "0.1.0", to="1")
    with pytest.raises(VersionNotFound):
        await cloner.clone(CAST.alice, source, "9.9.9", to="0.5.0")
    with pytest.raises(ModelNotFound):
        await cloner.clone(CAST.charlie, source, "0.1.0", to="0.5.0")
    with pytest.raises(RoleMissing):
        await cloner.clone(with_roles(CAST.alice, Role.DEVELOPER), source, "0.1.0", to="0.5.0")
    await set_scope(database, source, Scope.ALL)
    with pytest.raises(NotYourModel):
        await cloner.clone(CAST.charlie, source, "0.1.0", to="0.5.0")
    assert await storage.delete_below("test-inputs") == 1, "no copy is left behind"
