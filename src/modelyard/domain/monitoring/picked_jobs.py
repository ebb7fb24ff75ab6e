"""Picks a few of all jobs before it is asked who may see them.

Asked both at once, a database may walk along an index over accounts or teams, past all jobs there have ever been.
"""

from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from modelyard.domain.jobs.tables import Job

_COLUMNS = (
    *(Job.id, Job.account_id, Job.team_id, Job.user_id, Job.project_id, Job.key_prefix),
    *(Job.version_id, Job.model_id, Job.model_name, Job.version, Job.status),
    *(Job.total, Job.completed, Job.failed, Job.input_bytes, Job.total_latency_ms),
    *(Job.created_at, Job.updated_at, Job.finished_at),
)


def picked_jobs(name: str, *which: ColumnElement[bool]) -> Any:
    """An alias of `jobs` that has only these rows, and only the columns above; conditions should fit one index."""
    rows = select(*_COLUMNS).where(*which).cte(name).prefix_with("MATERIALIZED")
    return aliased(Job, rows, name=name)
