"""Everything that can happen to a server happens while it runs jobs: no item is lost, and none has two outcomes."""

import random
from collections.abc import Iterator

import pytest

from tests.faults.soak import can_mount, faulty_server, strike_during
from tests.faults.strikes import STRIKES
from tests.journeys.server import Server

pytestmark = [
    pytest.mark.containers,
    pytest.mark.slow,
    pytest.mark.xdist_group("recovery"),
    pytest.mark.skipif(not can_mount(), reason="needs the right to mount a file system, to fill it up"),
]


@pytest.fixture(scope="module")
def target() -> Iterator[tuple[Server, str]]:
    """A server that may be struck, and the identifier of its active model."""
    with faulty_server() as found:
        yield found


@pytest.mark.timeout(420)
@pytest.mark.parametrize("seed", [1, 2])
def test_no_item_is_lost_whatever_happens(target: tuple[Server, str], seed: int) -> None:
    server, model_id = target
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    names = sorted(STRIKES)[seed - 1 :: 2]  # all of them, in two rounds
    chance.shuffle(names)

    counts = strike_during(server, model_id, names, chance, items=1200)

    assert counts["good"] >= 1150  # what a frozen engine held may have run out of time
