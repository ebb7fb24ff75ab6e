"""Versions compared, and the warnings of an activation."""

from typing import Any

import pytest
from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.domain.audit.tables import AuditEvent
from modelyard.domain.models.card_content import ModelCard
from modelyard.domain.models.cards import write_card
from modelyard.domain.models.catalog import ModelNotFound, VersionNotFound
from modelyard.domain.models.metadata import VersionChanges
from modelyard.domain.models.tables import Version, VersionStatus
from modelyard.domain.models.version_diff import activation_warnings, diff_versions
from modelyard.domain.models.versions import change_version
from tests.cast import CAST
from tests.library import JSON_OUTPUT, TEXT_INPUT, add_active, held_image, read_version_row
from tests.manual_clock import ManualClock

ALICE = CAST.alice
CLOCK = ManualClock()


async def _add_version(database: Database, model_id: str, version: str, **values: Any) -> None:
    """A version that is ready to become active."""
    image = held_image("sha256:" + "c" * 64)
    described: dict[str, Any] = {
        "requirement_id": 1,
        "status_timeout_ms": 5000,
        "run_timeout_ms": 5000,
        "inputs": [TEXT_INPUT],
        "outputs": [JSON_OUTPUT],
        "load_passed": True,
        "run_passed": True,
        "status": VersionStatus.INACTIVE,
    }
    async with database.write() as session:
        session.add(image)
        await session.flush()
        facts = {"created_by_email": ALICE.email, "created_at": CLOCK.now(), "updated_at": CLOCK.now()}
        session.add(Version(model_id=model_id, version=version, image_id=image.id, **facts, **(described | values)))


async def _activate(database: Database, model_id: str, version: str) -> list[str]:
    async with database.write() as session:
        row = await change_version(session, CLOCK, ALICE, model_id, version, VersionChanges(status="active"))
        return await activation_warnings(session, row)


async def _told(database: Database, model_id: str, version: str) -> Any:
    async with database.read() as session:
        target = f"model/{model_id}/{version}"
        query = select(AuditEvent.details).where(
            AuditEvent.action == "model:version:activated", AuditEvent.target == target
        )
        return (await session.scalars(query)).one()


async def test_versions_with_their_cards(database: Database) -> None:
    model_id = await add_active(database, ALICE)
    await _add_version(database, model_id, "0.2.0", requirement_id=2, inputs=[TEXT_INPUT | {"maximumSize": 5}])
    async with database.write() as session:
        await write_card(session, CLOCK, ALICE, model_id, "0.2.0", ModelCard(caveats="Some."))

    async with database.read() as session:
        changes = await diff_versions(session, ALICE, model_id, "0.1.0", "0.2.0")
        back = await diff_versions(session, ALICE, model_id, "0.2.0", "0.1.0")
        same = await diff_versions(session, ALICE, model_id, "0.1.0", "0.1.0")
    assert [(change.path, change.effect.value) for change in changes] == [
        ("inputs[input.txt].maximumSize", "breaking"),
        ("requirement", "informative"),
        ("card.caveats", "informative"),
    ]
    assert [change.effect.value for change in back] == ["compatible", "informative", "informative"]
    assert same == []


async def test_of_models_that_one_sees(database: Database) -> None:
    model_id = await add_active(database, ALICE)
    async with database.read() as session:
        with pytest.raises(ModelNotFound):
            await diff_versions(session, CAST.charlie, model_id, "0.1.0", "0.1.0")
        with pytest.raises(VersionNotFound):
            await diff_versions(session, ALICE, model_id, "0.1.0", "9.9.9")


async def test_an_activation_that_breaks_says_so(database: Database) -> None:
    model_id = await add_active(database, ALICE)
    await _add_version(database, model_id, "0.10.0", inputs=[TEXT_INPUT | {"maximumSize": 5}])
    warnings = ["Compared with 0.1.0: Items whose 'input.txt' has more than 5 bytes fail."]

    assert await _activate(database, model_id, "0.10.0") == warnings
    assert (await _told(database, model_id, "0.10.0"))["warnings"] == warnings


async def test_it_is_compared_with_the_highest_active_one(database: Database) -> None:
    model_id = await add_active(database, ALICE)
    for version, size in (("0.9.0", 700), ("0.10.0", 500), ("0.2.0", 900)):
        await _add_version(database, model_id, version, inputs=[TEXT_INPUT | {"maximumSize": size}])
        await _activate(database, model_id, version)
    await _add_version(database, model_id, "0.11.0", inputs=[TEXT_INPUT | {"maximumSize": 400}])
    await _add_version(database, model_id, "0.12.0", inputs=[TEXT_INPUT | {"maximumSize": 500}])

    assert (await _activate(database, model_id, "0.11.0"))[0].startswith("Compared with 0.10.0: ")
    assert (await _activate(database, model_id, "0.12.0")) == []


async def test_without_another_active_one_nobody_is_broken(database: Database) -> None:
    model_id = await add_active(database, ALICE, status=VersionStatus.INACTIVE)
    await _add_version(database, model_id, "0.2.0", inputs=[TEXT_INPUT | {"maximumSize": 5}])

    assert await _activate(database, model_id, "0.2.0") == []
    assert "warnings" not in await _told(database, model_id, "0.2.0")
    assert (await read_version_row(database, model_id, "0.2.0")).status == "active"
