"""Reads which days, and whose uses on them, an answer is about."""

from datetime import datetime

from fastapi import Request

from modelyard.domain.monitoring.periods import Period, period_of
from modelyard.domain.monitoring.usage import UseFilter
from modelyard.entrypoints.rest.requests import read_text, read_time


def read_period(request: Request, now: datetime) -> Period:
    """`begin-date` and `end-date`, both included; one implies the other. Raises InvalidInput."""
    begin, end = read_time(request, "begin-date"), read_time(request, "end-date")
    return period_of(begin.date() if begin else None, end.date() if end else None, now.date())


def read_use_filter(request: Request) -> UseFilter:
    """The identifiers that narrow what counts."""
    return UseFilter(
        user_id=read_text(request, "user-identifier"),
        key_prefix=read_text(request, "access-key"),
        model_id=read_text(request, "model-identifier"),
        team_id=read_text(request, "team-identifier"),
    )
