"""How much memory the JSON bodies of all requests may take together."""

from collections import Counter
from dataclasses import dataclass, field

from fastapi import HTTPException

SMALL = 65_536
"""Bytes of each body that do not count: whoever fills the memory, small requests of others go on."""
SHARE_OF_ONE = 0.5
"""Of the memory, for one caller."""
SECONDS_UNTIL_THERE_IS_ROOM = "5"


class TooManyBodies(HTTPException):
    """Other large bodies are in memory. Of this class since FastAPI takes all others for mistakes in the body."""

    def __init__(self) -> None:
        message = (
            "The server is reading as many large bodies as it has memory for; send this one again soon, and fewer of "
            "them at the same time."
        )
        super().__init__(503, message, {"Retry-After": SECONDS_UNTIL_THERE_IS_ROOM})


@dataclass(slots=True)
class BodyMemory:
    """The room for bodies of one process. One caller may have half of it, or a single body.

    Args:
        most: bytes.
    """

    most: int
    _taken: Counter[str] = field(default_factory=Counter)

    def grow(self, caller: str, before: int, size: int) -> int:
        """Takes room for a body that has so many bytes now; returns what it counts for. Raises TooManyBodies.

        Args:
            before: what it counted for until now.
        """
        counts = max(0, size - SMALL)
        others_of_caller = self._taken[caller] - before
        if self._taken.total() - before + counts > self.most:
            raise TooManyBodies
        if others_of_caller and others_of_caller + counts > self.most * SHARE_OF_ONE:
            raise TooManyBodies
        self._taken[caller] = others_of_caller + counts
        return counts

    def give_back(self, caller: str, counts: int) -> None:
        """The body is in memory no longer."""
        self._taken[caller] -= counts
        if not self._taken[caller]:
            del self._taken[caller]
