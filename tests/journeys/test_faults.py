"""Everything that can happen to servers happens while they run jobs: no item is lost, and none has two outcomes."""

import random
from collections.abc import Iterator

import pytest

from tests.faults.soak import strike_during
from tests.faults.strikes import ALONE, SHARED
from tests.faults.targets import Target, can_mount, lone_server, two_servers

pytestmark = [pytest.mark.containers, pytest.mark.slow]
ITEMS = 600
COVERED = {"a server is restarted", "an engine is killed", "an engine is removed"}
"""By test_recovery.py; the soak has them, too."""
MOST_LOST_TO_FAULTS = 20
"""Items that are run by an engine that is struck three times; and those that are made to fail."""


@pytest.fixture(scope="module")
def alone() -> Iterator[Target]:
    """A server that may be struck."""
    with lone_server() as found:
        yield found


@pytest.fixture(scope="module")
def shared() -> Iterator[Target]:
    """Two of them."""
    with two_servers() as found:
        yield found


@pytest.mark.timeout(420)
@pytest.mark.xdist_group("recovery")
@pytest.mark.skipif(not can_mount(), reason="needs the right to mount a file system, to fill it up")
@pytest.mark.parametrize("part", [0, 1])
def test_no_item_of_a_lone_server_is_lost(alone: Target, part: int) -> None:
    chance = random.Random(part)  # noqa: S311 - nothing secret
    names = sorted(ALONE.keys() - COVERED)[part::2]  # in two rounds
    chance.shuffle(names)

    counts = strike_during(alone, ALONE, names, chance, ITEMS)

    assert counts["good"] >= ITEMS - MOST_LOST_TO_FAULTS


@pytest.mark.timeout(420)
@pytest.mark.xdist_group("sharing")
def test_no_item_of_two_servers_is_lost(shared: Target) -> None:
    chance = random.Random(3)  # noqa: S311 - nothing secret
    names = sorted((SHARED.keys() - ALONE.keys()) | {"a server is killed"})
    chance.shuffle(names)

    counts = strike_during(shared, SHARED, names, chance, ITEMS)

    assert counts["good"] >= ITEMS - MOST_LOST_TO_FAULTS
