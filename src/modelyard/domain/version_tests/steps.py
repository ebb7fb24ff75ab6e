"""The steps of the two tests, as clients show them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """A step and how much of the test lies behind it."""

    number: int
    name: str
    percentage: int


WAITING = Step(0, "Waiting to start", 0)
LOADING = Step(1, "Loading model", 0)
CHECKING = Step(2, "Checking status endpoint", 50)
FETCHING = Step(2, "Fetching inputs", 25)
SUBMITTING = Step(3, "Submitting inputs", 50)
RECORDING = Step(4, "Recording outputs", 75)
COMPLETED = Step(5, "Completed", 100)
FAILED = Step(5, "Failed", 100)
