"""When callbacks are tried again."""

from datetime import timedelta

import pytest

from modelyard.domain.jobs.callback_retry import LONGEST_DELAY, delay_after, next_attempt
from tests.manual_clock import START


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 5), (2, 10), (3, 20), (10, 2560), (11, 3600), (1000, 3600)])
def test_delays_double(attempt: int, seconds: int) -> None:
    assert delay_after(attempt, 0.5) == timedelta(seconds=seconds)
    assert delay_after(attempt, 0) == 0.8 * timedelta(seconds=seconds)
    assert delay_after(attempt, 1) <= 1.2 * LONGEST_DELAY


def test_a_day_at_most() -> None:
    now, attempt = START, 0
    while True:
        attempt += 1
        following = next_attempt(attempt=attempt, status=500, ended_at=START, now=now, chance=0.5)
        if following is None:
            break
        assert following > now
        now = following
    assert timedelta(hours=22) < now - START <= timedelta(days=1)
    assert attempt < 40


def test_who_is_gone_is_left_alone() -> None:
    assert next_attempt(attempt=1, status=410, ended_at=START, now=START, chance=0.5) is None
