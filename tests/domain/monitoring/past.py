"""Jobs as they have been, written straight to the database."""

from datetime import datetime
from typing import Any

from modelyard.core.database import Database
from modelyard.core.ids import new_uuid
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.jobs.status import JobStatus
from modelyard.domain.jobs.tables import Job
from tests.library import add_active, read_version_row


async def add_model_with_jobs(database: Database, actor: Actor, *finished: datetime, **values: Any) -> str:
    """An active model with a job that ended at each of these times.

    In one transaction: what counts jobs by day in the background passes over a time only once.
    """
    model_id = await add_active(database, actor)
    jobs = [await _job(database, actor, model_id, finished_at=at, **values) for at in finished]
    async with database.write() as session:
        session.add_all(jobs)
    return model_id


async def add_job(database: Database, actor: Actor, model_id: str, **values: Any) -> str:
    """A job with three results and an error; returns its identifier."""
    job = await _job(database, actor, model_id, **values)
    async with database.write() as session:
        session.add(job)
    return job.id


async def _job(database: Database, actor: Actor, model_id: str, **values: Any) -> Job:
    version = await read_version_row(database, model_id)
    at = values.get("finished_at") or values["created_at"]
    usual: dict[str, Any] = {
        "id": new_uuid(),
        "account_id": actor.account_id,
        "account_name": actor.account_name,
        "team_id": actor.team_id,
        "user_id": actor.user_id,
        "key_prefix": actor.key_prefix,
        "version_id": version.id,
        "model_id": model_id,
        "model_name": "echo",
        "version": "0.1.0",
        "status": JobStatus.COMPLETED if "finished_at" in values else JobStatus.IN_PROGRESS,
        "explain": False,
        "timeout_ms": 0,
        "total": 4,
        "completed": 3,
        "failed": 1,
        "input_bytes": 1000,
        "total_latency_ms": 50,
        "hours_delete_input": 24,
        **dict.fromkeys(("created_at", "submitted_at", "updated_at"), at),
    }
    return Job(**(usual | values))
