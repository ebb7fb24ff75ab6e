"""What pages say of a job: its word, how far it is, and how many items came to what."""

import pytest

from modelyard.domain.jobs.status import JobStatus
from modelyard.domain.jobs.tables import Job
from modelyard.entrypoints.web.job_views import groups_of, progress_of, word_of


def _job(status: JobStatus, completed: int = 0, failed: int = 0, total: int = 10) -> Job:
    return Job(status=status, completed=completed, failed=failed, total=total)


@pytest.mark.parametrize(
    ("job", "word"),
    [
        (_job(JobStatus.COMPLETED, 10), "completed"),
        (_job(JobStatus.COMPLETED, 9, 1), "with errors"),
        (_job(JobStatus.COMPLETED, 0, 10), "failed"),
        (_job(JobStatus.IN_PROGRESS, 0, 5), "in progress"),
        (_job(JobStatus.CANCELED, 0, 5), "canceled"),
        (_job(JobStatus.TIMEDOUT, 5), "timed out"),
    ],
)
def test_the_word(job: Job, word: str) -> None:
    assert word_of(job) == word


@pytest.mark.parametrize(
    ("done", "elapsed", "rate", "left"),
    [(0, 0, None, None), (0, 5000, None, None), (5, 999, None, None), (5, 1000, 10.0, 9_000.0)],
)
def test_progress(done: int, elapsed: int, rate: float | None, left: float | None) -> None:
    found = progress_of(_job(JobStatus.IN_PROGRESS, done, done, 100), elapsed)

    assert (found.done, found.rate, found.left_ms) == (2 * done, rate, left)
    assert progress_of(_job(JobStatus.COMPLETED, done), elapsed).left_ms is None


@pytest.mark.parametrize(
    ("job", "chosen", "groups"),
    [
        (_job(JobStatus.IN_PROGRESS, 2, 1), "all", [("all", 10), ("good", 2), ("failed", 1), ("waiting", 7)]),
        (_job(JobStatus.CANCELED, 2, 1), "all", [("all", 10), ("good", 2), ("failed", 1), ("canceled", 7)]),
        (_job(JobStatus.COMPLETED, 10), "waiting", [("all", 10), ("good", 10), ("failed", 0), ("waiting", 0)]),
    ],
)
def test_groups(job: Job, chosen: str, groups: list[tuple[str, int]]) -> None:
    assert [(each.name, each.items) for each in groups_of(job, chosen)] == groups
