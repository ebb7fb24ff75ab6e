"""How many items to claim at once: about a tenth of a second of work; pure rules."""

from collections.abc import Sequence

from modelyard.domain.jobs.claims import ClaimedItem

SECONDS_OF_A_CLAIM = 0.1
SECONDS_TO_LOOK_AHEAD = 0.3
MOST_ITEMS_OF_A_CLAIM = 256
_WEIGHT = 0.3
"""Of the newest reading."""


class Pace:
    """How fast engines work through the items of each version, as far as it has been seen."""

    def __init__(self) -> None:
        self._seconds: dict[int, float] = {}

    def note(self, version_id: int, *, items: int, seconds: float) -> None:
        """Items of a version took so long together on one engine."""
        new, old = seconds / items, self._seconds.get(version_id)
        self._seconds[version_id] = new if old is None else old + _WEIGHT * (new - old)

    def seconds_per_item(self, version_id: int) -> float | None:
        """How long one engine takes for an item; None while nothing is known."""
        return self._seconds.get(version_id)

    def items_of_a_claim(self, version_id: int, batch_size: int) -> int:
        """As many as are done soon, in whole batches; one batch while nothing is known."""
        batch = max(1, batch_size)
        seconds = self._seconds.get(version_id)
        if seconds is None:
            return batch
        useful = SECONDS_OF_A_CLAIM / max(seconds, 1e-6)
        return max(1, min(MOST_ITEMS_OF_A_CLAIM, int(useful)) // batch) * batch

    def may_look_ahead(self, version_id: int, items: int) -> bool:
        """Whether items are done so soon that the next may be claimed meanwhile, and wait here, not for others."""
        seconds = self._seconds.get(version_id)
        return seconds is not None and items * seconds <= SECONDS_TO_LOOK_AHEAD


def split_into_batches(items: Sequence[ClaimedItem], batch_size: int) -> list[tuple[ClaimedItem, ...]]:
    """Items that may run together, in their order: all of a batch want an explanation, or none does."""
    batches: list[list[ClaimedItem]] = []
    for item in items:
        if batches and len(batches[-1]) < batch_size and batches[-1][0].explain == item.explain:
            batches[-1].append(item)
        else:
            batches.append([item])
    return [tuple(batch) for batch in batches]
