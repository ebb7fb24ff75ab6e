"""The clock of a server goes on steadily, whatever somebody does to the machine's."""

from dataclasses import dataclass

import pytest

from modelyard.core.clock import PACE_TO_FOLLOW, SteadyClock

NOON = 1_770_000_000.0


@dataclass
class Machine:
    """A machine whose clock is set by hand."""

    wall: float = NOON
    passed: float = 50.0

    def go_on(self, seconds: float) -> None:
        """Time passes."""
        self.wall += seconds
        self.passed += seconds

    def clock(self) -> SteadyClock:
        """A clock that is started now."""
        return SteadyClock(lambda: self.wall, lambda: self.passed)


def _shown(clock: SteadyClock) -> float:
    return clock.now().timestamp() - NOON


def test_it_shows_the_time_of_the_machine() -> None:
    machine = Machine()
    clock = machine.clock()
    assert _shown(clock) == pytest.approx(0)
    machine.go_on(90)
    machine.wall += 0.5  # as a time server corrects it
    assert _shown(clock) == pytest.approx(90.5)
    machine.wall -= 0.9
    assert _shown(clock) == pytest.approx(89.6)


@pytest.mark.parametrize("hours", [5, -5])
def test_a_jump_is_followed_bit_by_bit(hours: int) -> None:
    machine = Machine()
    clock = machine.clock()
    jump = hours * 3600
    machine.wall += jump
    assert _shown(clock) == pytest.approx(0)
    machine.go_on(60)
    sign = 1 if hours > 0 else -1
    assert _shown(clock) == pytest.approx(60 + sign * 60 * PACE_TO_FOLLOW)
    machine.go_on(60 * 3600)
    assert _shown(clock) == pytest.approx(60 + 60 * 3600 + jump)


def test_a_jump_back_and_forth_is_forgotten() -> None:
    machine = Machine()
    clock = machine.clock()
    for jump in (7200, -7200):
        machine.wall += jump
        machine.go_on(1)
        clock.now()
    machine.go_on(1)
    assert _shown(clock) == pytest.approx(3)


def test_times_of_a_machine_that_slept_are_no_jump() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.go_on(8 * 3600)
    assert _shown(clock) == pytest.approx(8 * 3600)


def test_the_real_one_shows_todays_time() -> None:
    assert SteadyClock().now().year >= 2026
