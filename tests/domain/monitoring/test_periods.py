"""Which days are meant, and how numbers have changed."""

from datetime import date

import pytest

from modelyard.domain.monitoring.periods import Period, PeriodUnusable, percentage_of_change, period_of

TODAY = date(2026, 3, 3)


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        (None, None, (date(2026, 2, 25), TODAY)),
        (date(2026, 1, 1), None, (date(2026, 1, 1), date(2026, 1, 7))),
        (None, date(2026, 1, 7), (date(2026, 1, 1), date(2026, 1, 7))),
        (TODAY, TODAY, (TODAY, TODAY)),
    ],
)
def test_what_is_missing_is_implied(begin: date | None, end: date | None, expected: tuple[date, date]) -> None:
    assert period_of(begin, end, TODAY) == Period(*expected)


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (date(2026, 1, 2), date(2026, 1, 1)),
        (date(2024, 1, 1), date(2026, 1, 1)),
        (date.min, None),
        (None, date.min),
        (date.max, None),
        (None, date.max),
    ],
)
def test_what_cannot_be_shown_is_refused(begin: date | None, end: date | None) -> None:
    with pytest.raises(PeriodUnusable):
        period_of(begin, end, TODAY)


def test_the_period_before_is_as_long() -> None:
    period = Period(date(2026, 3, 1), date(2026, 3, 3))

    assert period.before == Period(date(2026, 2, 26), date(2026, 2, 28))
    assert list(period.days()) == ["2026-03-01", "2026-03-02", "2026-03-03"]
    assert (period.stop - period.start).days == 3


@pytest.mark.parametrize(
    ("recent", "previous", "expected"), [(3, 2, 50.0), (0, 4, -100.0), (0, 0, 0.0), (5, 0, 100.0), (1, 3, -66.67)]
)
def test_change(recent: int, previous: int, expected: float) -> None:
    assert percentage_of_change(recent, previous) == expected
