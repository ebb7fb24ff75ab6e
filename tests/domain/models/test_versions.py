"""Versions: what a change leaves alone, what it takes back, and what an active version refuses."""

from dataclasses import replace
from typing import Any

import pytest

from modelyard.core.database import Database
from modelyard.core.errors import NotAllowed
from modelyard.domain.models.activation import StatusUnknown
from modelyard.domain.models.catalog import ModelNotFound, find_version
from modelyard.domain.models.lifecycle import StepsMissing, TransitionForbidden, VersionFrozen
from modelyard.domain.models.metadata import MetadataRejected, VersionChanges
from modelyard.domain.models.requirements import RequirementUnknown
from modelyard.domain.models.semantic import VersionMalformed
from modelyard.domain.models.tables import Scope, Version
from modelyard.domain.models.versions import (
    TOPIC,
    VersionExists,
    change_version,
    create_version,
    set_image,
)
from modelyard.domain.models.visibility import NotYourModel
from tests.cast import CAST, Cast
from tests.library import (
    JSON_OUTPUT,
    TEXT_INPUT,
    add_active,
    add_model,
    audited,
    describe,
    held_image,
    read_version_row,
    set_scope,
)
from tests.manual_clock import ManualClock

ALICE = CAST.alice


async def _change(database: Database, model_id: str, **changes: Any) -> Version:
    async with database.write() as session:
        return await change_version(session, ManualClock(), ALICE, model_id, "0.1.0", VersionChanges(**changes))


async def _replace_image(database: Database, model_id: str) -> None:
    image = held_image("sha256:" + "b" * 64)
    async with database.write() as session:
        session.add(image)
        await session.flush()
        await set_image(session, ManualClock(), ALICE, model_id, "0.1.0", image)


def _plain(version: Version) -> dict[str, Any]:
    columns = {column.key: getattr(version, column.key) for column in Version.__table__.columns}
    return {name: value for name, value in columns.items() if name != "updated_at"}


async def test_second_version_starts_bare(database: Database, clock: ManualClock, cast: Cast) -> None:
    model_id = await add_active(database, cast.alice)
    async with database.write() as session:
        version = await create_version(session, clock, ALICE, model_id, version="0.2.0", long_description="new")

    assert (version.status, version.image, version.inputs, version.long_description) == ("partial", None, None, "new")
    assert {row.version for row in version.model.versions} == {"0.1.0", "0.2.0"}


async def test_same_version_twice(database: Database, clock: ManualClock) -> None:
    model_id = await add_model(database, ALICE)
    with pytest.raises(VersionExists, match="already exists"):
        async with database.write() as session:
            await create_version(session, clock, ALICE, model_id, version="0.1.0")


async def test_malformed_version(database: Database, clock: ManualClock) -> None:
    model_id = await add_model(database, ALICE)
    with pytest.raises(VersionMalformed):
        async with database.write() as session:
            await create_version(session, clock, ALICE, model_id, version="latest")


async def test_colleagues_add_versions_but_strangers_do_not(database: Database, clock: ManualClock) -> None:
    model_id = await add_model(database, ALICE)
    await set_scope(database, model_id, Scope.ALL)
    async with database.write() as session:
        await create_version(session, clock, CAST.bob, model_id, version="0.2.0")
    with pytest.raises(NotAllowed):
        async with database.write() as session:
            await create_version(session, clock, CAST.charlie, model_id, version="0.3.0")


async def test_who_has_the_address_of_its_creator_owns_no_version(database: Database, clock: ManualClock) -> None:
    model_id = await add_model(database, CAST.alice)
    await set_scope(database, model_id, Scope.ACCOUNT)
    async with database.write() as session:
        await create_version(session, clock, CAST.bob, model_id, version="0.2.0")
    text = VersionChanges(long_description="changed")
    async with database.write() as session:
        with pytest.raises(NotYourModel):
            await change_version(session, clock, replace(CAST.bob, user_id="user-bob-2"), model_id, "0.2.0", text)
    async with database.write() as session:
        await change_version(session, clock, replace(CAST.bob, email="bob@elsewhere.org"), model_id, "0.2.0", text)


async def test_none_changes_nothing(database: Database) -> None:
    model_id = await add_model(database, ALICE)
    await describe(database, model_id, long_description="words")
    before = _plain(await read_version_row(database, model_id))
    await _change(database, model_id)

    assert _plain(await read_version_row(database, model_id)) == before
    assert "model:version:changed" not in await audited(database)


async def test_lists_replace(database: Database) -> None:
    model_id = await add_model(database, ALICE)
    await _change(database, model_id, inputs=[TEXT_INPUT, TEXT_INPUT | {"name": "b"}], statistics=[{"label": "F1"}])
    version = await _change(database, model_id, inputs=[TEXT_INPUT | {"name": "c"}], statistics=[])

    assert version.inputs is not None
    assert [entry["name"] for entry in version.inputs] == ["c"]
    assert version.statistics == []


@pytest.mark.parametrize(("wanted", "stored"), [(-99, -99), (-6, -6), (-3, 1), (2, 2)])
async def test_presets_by_number(database: Database, wanted: int, stored: int) -> None:
    model_id = await add_model(database, ALICE)
    version = await _change(database, model_id, requirement_id=wanted)

    assert version.requirement_id == stored
    assert version.requirement is not None
    assert version.requirement.id == stored


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"requirement_id": 12345}, RequirementUnknown),
        ({"run_timeout_ms": -1}, MetadataRejected),
        ({"maximum_engines": -1}, MetadataRejected),
        ({"status": "retired"}, StatusUnknown),
        ({"status": "partial"}, StatusUnknown),
        ({"status": ""}, StatusUnknown),
        ({"status": "inactive"}, TransitionForbidden),
        ({"status": "active"}, StepsMissing),
    ],
)
async def test_refused_change_changes_nothing(
    database: Database, changes: dict[str, Any], error: type[Exception]
) -> None:
    model_id = await add_model(database, ALICE)
    before = _plain(await read_version_row(database, model_id))
    with pytest.raises(error):
        await _change(database, model_id, **{"long_description": "lost", **changes})

    assert _plain(await read_version_row(database, model_id)) == before


RESETS: list[tuple[dict[str, Any], tuple[bool, bool]]] = [
    ({"requirement_id": 2}, (False, False)),
    ({"inputs": [TEXT_INPUT | {"name": "other"}]}, (True, False)),
    ({"outputs": [JSON_OUTPUT | {"maximumSize": 1}]}, (True, False)),
    ({"long_description": "words"}, (True, True)),
    ({"minimum_engines": 1}, (True, True)),
    ({"requirement_id": 1, "inputs": [TEXT_INPUT], "outputs": [JSON_OUTPUT]}, (True, True)),
]


@pytest.mark.parametrize(("changes", "expected"), RESETS)
async def test_change_takes_back_the_tests_that_depend_on_it(
    database: Database, changes: dict[str, Any], expected: tuple[bool, bool]
) -> None:
    model_id = await add_model(database, ALICE)
    await describe(database, model_id)
    version = await _change(database, model_id, **changes)

    assert (version.load_passed, version.run_passed) == expected


async def test_new_image_takes_back_both_tests(database: Database) -> None:
    model_id = await add_model(database, ALICE)
    await describe(database, model_id)
    await _replace_image(database, model_id)

    row = await read_version_row(database, model_id)
    assert (row.load_passed, row.run_passed) == (False, False)


async def test_full_life(database: Database) -> None:
    model_id = await add_model(database, ALICE)
    await describe(database, model_id)
    states = [
        (await _change(database, model_id, status=status)).status
        for status in ("active", "active", "inactive", "inactive", "active")
    ]

    assert states == ["active", "active", "inactive", "inactive", "active"]
    target = f"model/{model_id}/0.1.0"
    assert await audited(database, target) == [
        "model:version:activated",
        "model:version:deactivated",
        "model:version:activated",
    ]


async def test_description_and_activation_in_one_request(database: Database) -> None:
    model_id = await add_model(database, ALICE)
    await describe(database, model_id, status_timeout_ms=None, run_timeout_ms=None)
    version = await _change(database, model_id, status="active", status_timeout_ms=1000, run_timeout_ms=1000)

    assert version.status == "active"


async def test_active_version_keeps_its_contract_and_image(database: Database) -> None:
    model_id = await add_active(database, ALICE)
    before = _plain(await read_version_row(database, model_id))
    for changes in ({"inputs": [TEXT_INPUT | {"name": "b"}]}, {"outputs": [JSON_OUTPUT | {"name": "b"}]}):
        with pytest.raises(VersionFrozen):
            await _change(database, model_id, **{"long_description": "lost", **changes})
    with pytest.raises(VersionFrozen, match="container image"):
        await _replace_image(database, model_id)

    assert _plain(await read_version_row(database, model_id)) == before


async def test_active_version_takes_new_words_and_the_same_contract_again(database: Database) -> None:
    model_id = await add_active(database, ALICE)
    version = await _change(
        database, model_id, inputs=[TEXT_INPUT], outputs=[JSON_OUTPUT], long_description="new", maximum_engines=3
    )

    assert (version.long_description, version.maximum_engines, version.status) == ("new", 3, "active")
    assert version.load_passed


async def test_inactive_version_can_be_changed_and_must_be_tested_again(database: Database) -> None:
    model_id = await add_active(database, ALICE, status="inactive")
    await _change(database, model_id, inputs=[TEXT_INPUT | {"name": "b"}])
    with pytest.raises(StepsMissing, match="run test"):
        await _change(database, model_id, status="active")


async def test_change_wakes_whoever_runs_engines(database: Database) -> None:
    model_id = await add_model(database, ALICE)
    bell = database.bells.listen(TOPIC)
    await _change(database, model_id, long_description="words")

    assert await bell.wait(0.01)


async def test_strangers_and_colleagues_do_not_change(database: Database, clock: ManualClock, cast: Cast) -> None:
    model_id = await add_model(database, ALICE)
    await set_scope(database, model_id, Scope.TEAM)
    changes = VersionChanges(long_description="hacked")
    for actor, error in ((cast.bob, NotAllowed), (cast.charlie, ModelNotFound)):
        with pytest.raises(error):
            async with database.write() as session:
                await change_version(session, clock, actor, model_id, "0.1.0", changes)
    async with database.read() as session:
        assert (await find_version(session, cast.alice, model_id, "0.1.0")).long_description == ""
