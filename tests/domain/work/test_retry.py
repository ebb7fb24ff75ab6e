"""When failed work is tried again."""

import pytest

from modelyard.core.errors import Conflict, PlatformError, Unavailable, UpstreamFailed
from modelyard.domain.work.retry import delay_before, is_worth_retrying


@pytest.mark.parametrize("error", [Unavailable("away"), OSError("disk"), ConnectionResetError(), TimeoutError()])
def test_what_was_away_may_come_back(error: Exception) -> None:
    assert is_worth_retrying(error)


@pytest.mark.parametrize(
    "error", [UpstreamFailed("wrong"), Conflict("no"), PlatformError("?"), ValueError(), KeyError()]
)
def test_what_is_wrong_stays_wrong(error: Exception) -> None:
    assert not is_worth_retrying(error)


def test_delays_double_up_to_five_minutes() -> None:
    delays = [delay_before(attempt).total_seconds() for attempt in range(1, 13)]

    assert delays == [1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert delay_before(1000).total_seconds() == 300
