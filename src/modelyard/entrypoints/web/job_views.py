"""What pages say of a job: in which word, how far it is, and how many items came to what."""

from dataclasses import dataclass

from modelyard.domain.jobs.item_pages import GROUPS
from modelyard.domain.jobs.status import FINISHED, JobStatus
from modelyard.domain.jobs.tables import Job

_LABELS = {"all": "All", "good": "Done", "failed": "Failed", "canceled": "Canceled", "waiting": "Waiting"}
RATE_FROM_MS = 1_000
"""What took less says little of how fast it goes."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. Times in milliseconds; a rate in items for each second, None after too short a time."""

    done: int
    """Items that have a result or an error."""
    total: int
    elapsed_ms: int
    rate: float | None
    left_ms: float | None


@dataclass(frozen=True, slots=True)
class GroupShown:
    """Items that a page can be narrowed to."""

    name: str
    label: str
    items: int


def word_of(job: Job) -> str:
    """The status as pages say it: one whose items failed has not simply been completed."""
    if job.status == JobStatus.COMPLETED and job.failed:
        return "with errors" if job.completed else "failed"
    return "timed out" if job.status == JobStatus.TIMEDOUT else job.status.lower().replace("_", " ")


def progress_of(job: Job, elapsed_ms: int) -> Progress:
    """How far a job is, how fast it goes, and how long it will still take if it goes on so."""
    done = job.completed + job.failed
    rate = done / (elapsed_ms / 1000) if done and elapsed_ms >= RATE_FROM_MS else None
    left = (job.total - done) / rate * 1000 if rate and job.status not in FINISHED else None
    return Progress(done, job.total, elapsed_ms, rate, left)


def groups_of(job: Job, chosen: str) -> list[GroupShown]:
    """Those that the job has, and the one that is chosen."""
    rest = job.total - job.completed - job.failed
    canceled, waiting = (rest, 0) if job.status in FINISHED else (0, rest)
    items = {
        "all": job.total,
        "good": job.completed,
        "failed": job.failed,
        "canceled": canceled,
        "waiting": waiting,
    }
    always = {"all", "good", "failed", chosen}
    return [GroupShown(name, _LABELS[name], items[name]) for name in GROUPS if items[name] or name in always]
