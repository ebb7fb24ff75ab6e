"""How jobs and results look on the wire."""

from typing import Any
from urllib.parse import quote

import msgspec

from modelyard.core.clock import milliseconds_between
from modelyard.domain.accounts.tables import User
from modelyard.domain.inference.outputs import JSON
from modelyard.domain.jobs.queries import JobWithUser
from modelyard.domain.jobs.results import ItemResult, JobResults
from modelyard.domain.jobs.status import FINISHED, ItemState
from modelyard.domain.jobs.tables import ItemOutput, Job, JobItem
from modelyard.entrypoints.rest.wire import result_time_text, time_text


def receipt(found: JobWithUser, item_names: list[str]) -> dict[str, Any]:
    """What a submission is answered with. `status` comes before `user`: one client searches the text for it."""
    job = found.job
    return _head(job) | {
        "totalInputs": job.total,
        "accessKey": job.key_prefix,
        "timeout": job.timeout_ms,
        "jobType": "batch",
        "user": _user(found.user),
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
        "elapsedTime": milliseconds_between(job.submitted_at, ended),
        "queueTime": _queue_time(job),
        "jobInputs": [{"identifier": name} for name in item_names],
        "inputByteAmount": job.input_bytes,
    }


def job_summary(job: Job) -> dict[str, Any]:
    """A job in the short list."""
    return {
        "jobIdentifier": job.id,
        "status": job.status,
        "model": _model(job),
        "submittedAt": time_text(job.submitted_at),
    }


def results_object(results: JobResults, address: str) -> dict[str, Any]:
    """Everything that is there of a job.

    Args:
        address: the server's address, for the links to outputs that are not JSON.
    """
    job = results.job
    ended = job.finished_at or job.updated_at
    done = max(1, job.completed + job.failed)
    good = [result for result in results.items if result.item.state == ItemState.SUCCESSFUL]
    bad = [result for result in results.items if result.item.state != ItemState.SUCCESSFUL]
    return {
        "jobIdentifier": job.id,
        "accountIdentifier": job.account_name,
        "team": {"identifier": job.team_id},
        "total": job.total,
        "completed": job.completed,
        "failed": job.failed,
        "finished": job.status in FINISHED,
        "submittedByKey": job.key_prefix,
        "explained": job.explain,
        "submittedAt": time_text(job.submitted_at),
        "initialQueueTime": _queue_time(job),
        "totalQueueTime": job.total_queue_ms,
        "averageModelLatency": round(job.total_latency_ms / done),
        "totalModelLatency": job.total_latency_ms,
        "elapsedTime": milliseconds_between(job.submitted_at, ended),
        "startingResultSummarizing": time_text(ended),
        "resultSummarizing": 0,
        "inputSize": job.input_bytes,
        "results": {result.item.name: item_result(job, result, address) for result in good},
        "failures": {result.item.name: item_result(job, result, address) for result in bad},
    }


def item_result(job: Job, result: ItemResult, address: str) -> dict[str, Any]:
    """One item: JSON outputs in place, others as an address."""
    item = result.item
    started, ended = item.started_at or item.queued_at, item.finished_at or item.queued_at
    shape: dict[str, Any] = {
        "status": "SUCCESSFUL" if item.state == ItemState.SUCCESSFUL else "FAILED",
        "engine": item.engine or "",
        "inputFetching": item.fetch_ms or 0,
        "outputUploading": None,
        "modelLatency": item.latency_ms or 0,
        "queueTime": milliseconds_between(item.queued_at, started),
        "startTime": result_time_text(started),
        "updateTime": result_time_text(ended),
        "endTime": result_time_text(ended),
        "elapsedTime": milliseconds_between(started, ended),
    }
    if item.error:
        shape["error"] = item.error
    shape["voting"] = {"up": 0, "down": 0}
    # An output must not pass for a member of the result; one that is named so has an address all the same.
    outputs = {output.name: _output(job, item, output, address) for output in result.outputs}
    return outputs | shape


def _output(job: Job, item: JobItem, output: ItemOutput, address: str) -> Any:
    if output.media_type == JSON and output.data is not None:
        return msgspec.Raw(output.data)  # valid and compact since it was stored
    # The one form of address that no name of an item can turn into another one.
    item_name, output_name = quote(item.name, safe=""), quote(output.name, safe="")
    return f"{address}/api/results/{job.id}/datasource/{item_name}/output/{output_name}"


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


def _queue_time(job: Job) -> int:
    return milliseconds_between(job.submitted_at, job.started_at or job.finished_at or job.submitted_at)
