"""How jobs look on the wire."""

from typing import Any

from modelyard.core.clock import milliseconds_between
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.states import UserStatus
from modelyard.domain.accounts.tables import User
from modelyard.domain.jobs.key_statistics import KeyStatistics
from modelyard.domain.jobs.queries import JobWithUser
from modelyard.domain.jobs.status import FINISHED
from modelyard.domain.jobs.submit import Receipt
from modelyard.domain.jobs.tables import Job, JobCallback
from modelyard.entrypoints.rest.wire import time_text, without_none


def receipt(found: JobWithUser, item_names: list[str]) -> dict[str, Any]:
    """What a submission is answered with, when it has been stored."""
    return _receipt(found.job, _user(found.user), item_names)


def new_receipt(stored: Receipt, submitter: Actor) -> dict[str, Any]:
    """The same of a job that was stored just now: nothing of it needs to be read again."""
    return _receipt(stored.job, _asking_user(submitter), stored.item_names)


def _receipt(job: Job, user: dict[str, Any], item_names: list[str]) -> dict[str, Any]:
    """`status` comes before `user`: one client searches the text for it."""
    return _head(job) | {
        "totalInputs": job.total,
        "accessKey": job.key_prefix,
        "timeout": job.timeout_ms,
        "jobType": "batch",
        "user": user,
        "jobInputs": {"identifier": item_names},
        "inputByteAmount": job.input_bytes,
        "submittedAt": time_text(job.submitted_at),
    }


def job_details(found: JobWithUser, item_names: list[str]) -> dict[str, Any]:
    """A job by itself or in the history."""
    job = found.job
    key = {"prefix": job.key_prefix, "isDefault": job.project_id is None}
    user = _user(found.user) | {"accessKeys": [key], "title": ""}
    ended = job.finished_at or job.updated_at
    return _head(job) | {
        "submittedBy": job.key_prefix,
        "timeout": job.timeout_ms,
        "user": user,
        "createdAt": time_text(job.created_at),
        "updatedAt": time_text(job.updated_at),
        "submittedAt": time_text(job.submitted_at),
        "total": job.total,
        "pending": max(0, job.total - job.completed - job.failed) if job.status not in FINISHED else 0,
        "completed": job.completed,
        "failed": job.failed,
        **canceled_count(job),
        "elapsedTime": milliseconds_between(job.submitted_at, ended),
        "queueTime": queue_time(job),
        "jobInputs": [{"identifier": name} for name in item_names],
        "inputByteAmount": job.input_bytes,
        **({"finishedAt": time_text(job.finished_at)} if job.finished_at else {}),
        **({"resultsDeletedAt": time_text(job.results_deleted_at)} if job.results_deleted_at else {}),
        **({"callback": _callback(job.callback)} if job.callback else {}),
    }


def _callback(callback: JobCallback) -> dict[str, Any]:
    """How telling the caller went. Without the secret, and without what addresses often carry instead of one."""
    shown = {
        "url": callback.url.partition("?")[0],
        "state": callback.state,
        "attempts": callback.attempts,
        "lastStatus": callback.last_status,
        "lastError": callback.last_error,
        "nextAttemptAt": time_text(callback.next_at) if callback.next_at else None,
        "deliveredAt": time_text(callback.delivered_at) if callback.delivered_at else None,
    }
    return without_none(shown)


def key_statistics_object(found: KeyStatistics) -> dict[str, Any]:
    """What was submitted with a key."""
    models = [
        {"identifier": use.model_id, "name": use.name, "version": use.version, "processedJobsCount": use.jobs}
        for use in found.models
    ]
    used = {"lastApiUsage": time_text(found.last_used_at)} if found.last_used_at else {}
    count = {"jobsCount": found.jobs, "modelsCount": len({use.model_id for use in found.models})}
    return {"accessKey": found.prefix, **count, **used, "modelsList": models}


def job_summary(job: Job) -> dict[str, Any]:
    """A job in the short list."""
    return {
        "jobIdentifier": job.id,
        "status": job.status,
        "model": _model(job),
        "submittedAt": time_text(job.submitted_at),
    }


def _head(job: Job) -> dict[str, Any]:
    project = {"project": {"identifier": job.project_id, "name": job.project_name}} if job.project_id else {}
    return {
        "model": _model(job),
        "status": job.status,
        "jobIdentifier": job.id,
        "explain": job.explain,
        "accountIdentifier": job.account_name,
        "team": {"identifier": job.team_id},
        **project,
        "hoursDeleteInput": job.hours_delete_input,
        "imageClassificationModel": False,
    }


def _model(job: Job) -> dict[str, str]:
    return {"identifier": job.model_id, "version": job.version, "name": job.model_name}


def _user(user: User) -> dict[str, Any]:
    return {
        "identifier": user.id,
        "externalIdentifier": user.email,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "email": user.email,
        "status": user.status.upper(),
    }


def _asking_user(actor: Actor) -> dict[str, Any]:
    """Who asks is active, or nobody would have let them in."""
    return {
        "identifier": actor.user_id,
        "externalIdentifier": actor.email,
        "firstName": actor.first_name,
        "lastName": actor.last_name,
        "email": actor.email,
        "status": UserStatus.ACTIVE.upper(),
    }


def canceled_count(job: Job) -> dict[str, int]:
    """How many items never had a result since their job ended before; without them, its counts would not add up."""
    canceled = job.total - job.completed - job.failed if job.status in FINISHED else 0
    return {"canceled": canceled} if canceled > 0 else {}


def queue_time(job: Job) -> int:
    """Milliseconds until the first item of a job was begun, or the job ended without that."""
    return milliseconds_between(job.submitted_at, job.started_at or job.finished_at or job.submitted_at)
