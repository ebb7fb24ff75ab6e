"""Windows of quotas: calendar hours, days, weeks, months and years in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.domain.accounts.quota_windows import ALWAYS, Period, Window, seconds_until, window_at


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "now", "start", "end"),
    [
        (Period.HOURLY, "2026-01-02T03:04:05", "2026-01-02T03:00", "2026-01-02T04:00"),
        (Period.DAILY, "2026-12-31T23:59:59", "2026-12-31", "2027-01-01"),
        (Period.WEEKLY, "2026-01-02T03:04:05", "2025-12-29", "2026-01-05"),
        (Period.WEEKLY, "2026-01-05T00:00:00", "2026-01-05", "2026-01-12"),
        (Period.MONTHLY, "2026-01-31T12:00:00", "2026-01-01", "2026-02-01"),
        (Period.MONTHLY, "2028-02-29T12:00:00", "2028-02-01", "2028-03-01"),
        (Period.MONTHLY, "2026-12-01T00:00:00", "2026-12-01", "2027-01-01"),
        (Period.YEARLY, "2028-02-29T12:00:00", "2028-01-01", "2029-01-01"),
    ],
)
def test_window(period: Period, now: str, start: str, end: str) -> None:
    assert window_at(period, _at(now)) == Window(_at(start), _at(end))


def test_without_a_period_there_is_one_window() -> None:
    assert window_at(None, _at("2026-01-02")) == Window(ALWAYS, None)


def test_calendar_is_that_of_utc() -> None:
    local = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=9)))

    assert window_at(Period.DAILY, local) == Window(_at("2025-12-31"), _at("2026-01-01"))


@given(
    st.sampled_from(Period),
    st.integers(min_value=0, max_value=10**10).map(lambda seconds: ALWAYS + timedelta(seconds=seconds)),
)
def test_windows_join_without_gaps(period: Period, now: datetime) -> None:
    window = window_at(period, now)

    assert window.end is not None
    assert window.start <= now < window.end
    assert window_at(period, window.end).start == window.end
    assert window_at(period, window.end - timedelta(microseconds=1)) == window


@pytest.mark.parametrize(("seconds", "shown"), [(0.2, 1), (10, 10), (10.3, 11), (-5, 1)])
def test_seconds_are_rounded_up(seconds: float, shown: int) -> None:
    now = _at("2026-01-02")

    assert seconds_until(now + timedelta(seconds=seconds), now) == shown
