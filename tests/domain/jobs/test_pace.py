"""How many items are claimed at once, and which of them run together."""

from datetime import UTC, datetime

from modelyard.domain.jobs.claims import ClaimedItem
from modelyard.domain.jobs.pace import MOST_ITEMS_OF_A_CLAIM, Pace, split_into_batches


def test_one_batch_while_nothing_is_known() -> None:
    assert Pace().items_of_a_claim(1, batch_size=8) == 8
    assert not Pace().may_look_ahead(1, 1)


def test_quick_items_are_claimed_by_the_tenth_of_a_second() -> None:
    pace = Pace()
    pace.note(1, items=10, seconds=0.02)
    pace.note(2, items=1, seconds=5)
    pace.note(3, items=1000, seconds=0.001)

    assert [pace.items_of_a_claim(version, 8) for version in (1, 2, 3)] == [48, 8, MOST_ITEMS_OF_A_CLAIM]
    assert pace.may_look_ahead(1, 48)
    assert not pace.may_look_ahead(2, 8)


def test_readings_are_weighed() -> None:
    pace = Pace()
    pace.note(1, items=1, seconds=0.001)
    pace.note(1, items=1, seconds=0.101)

    assert pace.items_of_a_claim(1, 1) == 3


def test_batches_keep_the_order_and_the_wish_for_an_explanation() -> None:
    now = datetime.now(UTC)
    items = [ClaimedItem(number, "job", 1, now, explain=number in (3, 4)) for number in range(7)]
    batches = split_into_batches(items, 2)

    assert [[item.id for item in batch] for batch in batches] == [[0, 1], [2], [3, 4], [5, 6]]
