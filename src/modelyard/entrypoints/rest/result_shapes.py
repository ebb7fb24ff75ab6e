"""How results look on the wire."""

from typing import Any
from urllib.parse import quote

import msgspec

from modelyard.core.clock import milliseconds_between
from modelyard.domain.jobs.result_reader import ItemResult, StoredOutput
from modelyard.domain.jobs.status import FINISHED
from modelyard.domain.jobs.tables import Job
from modelyard.entrypoints.rest.job_shapes import canceled_count, queue_time
from modelyard.entrypoints.rest.wire import result_time_text, time_text


def results_head(job: Job) -> dict[str, Any]:
    """All of a job's results but `results` and `failures`."""
    ended = job.finished_at or job.updated_at
    done = max(1, job.completed + job.failed)
    head = {
        "jobIdentifier": job.id,
        "accountIdentifier": job.account_name,
        "team": {"identifier": job.team_id},
        "total": job.total,
        "completed": job.completed,
        "failed": job.failed,
        **canceled_count(job),
        "finished": job.status in FINISHED,
        "submittedByKey": job.key_prefix,
        "explained": job.explain,
        "submittedAt": time_text(job.submitted_at),
        "initialQueueTime": queue_time(job),
        "totalQueueTime": job.total_queue_ms,
        "averageModelLatency": round(job.total_latency_ms / done),
        "totalModelLatency": job.total_latency_ms,
        "elapsedTime": milliseconds_between(job.submitted_at, ended),
        "startingResultSummarizing": time_text(ended),
        "resultSummarizing": 0,
        "inputSize": job.input_bytes,
    }
    if job.results_deleted_at is not None:
        head["resultsDeletedAt"] = time_text(job.results_deleted_at)
    return head


def item_facts(result: ItemResult) -> dict[str, Any]:
    """One item without its outputs."""
    started, ended = result.started_at or result.queued_at, result.finished_at or result.queued_at
    end = result_time_text(ended)
    shape: dict[str, Any] = {
        "status": "SUCCESSFUL" if result.is_good else "FAILED",
        "engine": result.engine or "",
        "inputFetching": result.fetch_ms or 0,
        "outputUploading": None,
        "modelLatency": result.latency_ms or 0,
        "queueTime": milliseconds_between(result.queued_at, started),
        "startTime": result_time_text(started),
        "updateTime": end,
        "endTime": end,
        "elapsedTime": milliseconds_between(started, ended),
    }
    if result.error:
        shape["error"] = result.error
    if result.error_side:
        shape["errorSide"] = result.error_side
    shape["voting"] = {"up": result.votes_up, "down": result.votes_down}
    return shape


def output_value(result: ItemResult, output: StoredOutput, address: str) -> Any:
    """An output inside a document: JSON that is at hand as it is, anything else as its address.

    Args:
        address: of the results of the job.
    """
    if output.is_json and output.data is not None:
        return msgspec.Raw(output.data)  # valid and compact since it was stored
    return output_address(result.name, output.name, address)


def output_address(item_name: str, output_name: str, address: str) -> str:
    """Where the bytes of an output are: the one form that no name of an item can turn into another one."""
    return f"{address}/datasource/{quote(item_name, safe='')}/output/{quote(output_name, safe='')}"
