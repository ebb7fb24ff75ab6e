"""Items of earlier schemas are found by their names."""

from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from modelyard.core.database import Database
from modelyard.domain.jobs.item_names import key_of_name
from modelyard.domain.jobs.tables import JobItem
from modelyard.migrations.upgrade import upgrade_database

TIME = "2026-01-02 03:04:05.000000"
NAMES = ["short", "zwölf/🎉", "x" * 100, "x" * 101, "🎉" * 1000]
_USER = {"email": "a@example.org", "first_name": "A", "last_name": "A", "status": "Active", "created_at": TIME}
JOB: dict[str, Any] = {
    "account_id": "a",
    "account_name": "a",
    "team_id": "t",
    "user_id": "u",
    "key_prefix": "k",
    "version_id": 1,
    "model_id": "m",
    "model_name": "echo",
    "version": "0.1.0",
    "status": "COMPLETED",
    "explain": False,
    **dict.fromkeys(("timeout_ms", "total", "completed", "failed", "input_bytes", "hours_delete_input"), 0),
    **dict.fromkeys(("total_queue_ms", "total_latency_ms"), 0),
    **dict.fromkeys(("created_at", "submitted_at", "updated_at"), TIME),
}
ITEM: dict[str, Any] = {
    "version_id": 1,
    "state": "successful",
    "attempts": 1,
    "interruptions": 0,
    "size": 1,
    "queued_at": TIME,
}


async def _insert(connection: AsyncConnection, table: str, values: dict[str, Any]) -> None:
    columns, places = ", ".join(values), ", ".join(f":{name}" for name in values)
    await connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({places})"), values)  # noqa: S608


async def test_items_get_the_keys_of_their_names(empty: str) -> None:
    database = Database(empty)
    await upgrade_database(database, "0008")
    async with database.engine.begin() as connection:
        await _insert(connection, "accounts", {"id": "a", "name": "local", "created_at": TIME})
        team = {"id": "t", "account_id": "a", "name": "T", "is_admin": True, "created_at": TIME}
        await _insert(connection, "teams", team)
        await _insert(connection, "users", {"id": "u", "account_id": "a", **_USER})
        for job in ("one", "two"):  # names are unique in a job, not beyond
            await _insert(connection, "jobs", JOB | {"id": job})
            for position, name in enumerate(NAMES):
                await _insert(connection, "job_items", ITEM | {"job_id": job, "position": position, "name": name})

    assert await upgrade_database(database) == "0008"

    async with database.read() as session:
        found = await session.execute(select(JobItem.name, JobItem.name_key).order_by(JobItem.job_id, JobItem.position))
        assert [tuple(row) for row in found] == [(name, key_of_name(name)) for name in NAMES * 2]
    await database.close()
