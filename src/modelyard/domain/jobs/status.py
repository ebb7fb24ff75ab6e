"""The states of jobs and items."""

from enum import StrEnum


class JobStatus(StrEnum):
    """Where a job stands, in the words that clients know."""

    OPEN = "OPEN"
    """Its inputs are still being uploaded."""
    SUBMITTED = "SUBMITTED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"
    TIMEDOUT = "TIMEDOUT"


class ItemState(StrEnum):
    """Where an item stands."""

    HELD = "held"
    """Its job is open, or its items are still being found out; no engine takes it."""
    QUEUED = "queued"
    RUNNING = "running"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    CANCELED = "canceled"


class ErrorSide(StrEnum):
    """Whose mistake an item's error is."""

    CALLER = "caller"
    MODEL = "model"
    PLATFORM = "platform"


UNFINISHED = (JobStatus.OPEN, JobStatus.SUBMITTED, JobStatus.IN_PROGRESS)
FINISHED = (JobStatus.COMPLETED, JobStatus.CANCELED, JobStatus.TIMEDOUT)
OPEN_ITEMS = (ItemState.QUEUED, ItemState.RUNNING)
"""What engines are wanted for."""
UNFINISHED_ITEMS = (ItemState.HELD, *OPEN_ITEMS)

MOST_ATTEMPTS = 3
"""How often an item is given to an engine that then dies, before the item is held to be the cause."""
MOST_INTERRUPTIONS = 5
"""How often our own process may end while it works on an item, before the item is held to be the cause."""


def statuses_of_category(category: str) -> tuple[JobStatus, ...] | None:
    """The statuses that a word of the history's filter stands for; None when it is no such word."""
    words: dict[str, tuple[JobStatus, ...]] = {
        "ALL": tuple(JobStatus),
        "PENDING": UNFINISHED,
        "TERMINATED": FINISHED,
        "TERMINATED_WITH_ERROR": FINISHED,
        "ERROR": (),
    }
    word = category.strip().upper()
    singles = {str(status): (status,) for status in JobStatus}
    return words.get(word) if word in words else singles.get(word)
