"""Values that say which part of a list is wanted and in what order."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
MOST_SKIPPED = 2**31 - 1
"""Databases count no further, and no list is so long."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list. `size` None means the whole list; numbers start at 1."""

    number: int = 1
    size: int | None = None
    is_asked: bool = False
    """Whether who asks said the page or its size: then it has so many entries, unless it is the last one."""

    @property
    def offset(self) -> int:
        """How many entries come before this page."""
        return 0 if self.size is None else min(MOST_SKIPPED, (self.number - 1) * self.size)


@dataclass(frozen=True, slots=True)
class Sort:
    """Fields in the API's spelling, the first one deciding first."""

    fields: tuple[str, ...] = ()
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """One page of a list, and whether another follows."""

    entries: list[T]
    has_next: bool
