"""How far a move is, for whoever watches: on the command line bars."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Bar(Protocol):
    """One step of it."""

    def share(self, done: float) -> None:
        """How much is done, 0 to 1."""

    def note(self, text: str) -> None:
        """What is going on."""

    def result(self, text: str) -> None:
        """What came of it."""


class Steps(Protocol):
    """All steps."""

    def step(self, label: str) -> AbstractContextManager[Bar]:
        """A step, which lasts as long as the context."""


class Unwatched:
    """Nobody watches."""

    @contextmanager
    def step(self, label: str) -> Iterator[Bar]:
        """A step that nobody sees."""
        yield _Unseen()


class _Unseen:
    def share(self, done: float) -> None:
        """Says nothing."""

    def note(self, text: str) -> None:
        """Says nothing."""

    def result(self, text: str) -> None:
        """Says nothing."""
