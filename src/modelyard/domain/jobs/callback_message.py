"""What a callback says."""

from typing import Any

import msgspec

from modelyard.core.clock import milliseconds_between
from modelyard.domain.jobs.tables import Job

TYPE = "job.finished"


def callback_message(job: Job, public_url: str) -> bytes:
    """The JSON that tells of a job that has ended, the same at each attempt.

    Args:
        public_url: where people reach this server; the links begin with a slash when nobody has set it.
    """
    ended = job.finished_at or job.updated_at
    data: dict[str, Any] = {
        "jobIdentifier": job.id,
        "status": job.status,
        "model": {"identifier": job.model_id, "version": job.version, "name": job.model_name},
        "total": job.total,
        "completed": job.completed,
        "failed": job.failed,
        "submittedAt": job.submitted_at.isoformat(timespec="milliseconds"),
        "finishedAt": ended.isoformat(timespec="milliseconds"),
        "elapsedTime": milliseconds_between(job.submitted_at, ended),
        "links": {"job": f"{public_url}/api/jobs/{job.id}", "results": f"{public_url}/api/results/{job.id}"},
    }
    return msgspec.json.encode({"type": TYPE, "timestamp": data["finishedAt"], "data": data})
