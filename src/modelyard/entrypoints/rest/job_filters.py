"""Reads which jobs a list is to show."""

from datetime import timedelta

from fastapi import Request

from modelyard.app import Platform
from modelyard.core.errors import InvalidInput
from modelyard.domain.jobs.job_filters import JobFilter
from modelyard.domain.jobs.status import statuses_of_category
from modelyard.entrypoints.rest.requests import CLOCK_DIFFERENCE, read_text, read_time


def read_job_filter(request: Request, platform: Platform) -> JobFilter:
    """The filters of lists of jobs, as leniently as clients need it. Raises InvalidInput."""
    category = read_text(request, "status") or "ALL"
    statuses = statuses_of_category(category)
    if statuses is None:
        raise InvalidInput(
            f"status must be ALL, PENDING, TERMINATED, TERMINATED_WITH_ERROR or a job's status, not {category[:40]!r}."
        )
    start, end = read_time(request, "startDate"), read_time(request, "endDate")
    if end and not start:
        raise InvalidInput("endDate needs a startDate as well.")
    if start and start > platform.clock.now() + CLOCK_DIFFERENCE:
        raise InvalidInput("startDate lies in the future.")
    if start and end and start - end >= timedelta(milliseconds=1):
        raise InvalidInput("endDate lies before startDate.")
    return JobFilter(
        statuses=statuses,
        with_failures_only=category.upper() == "TERMINATED_WITH_ERROR",
        start=start,
        end=end,
        model=read_text(request, "model"),
        user=read_text(request, "user"),
        access_key=read_text(request, "accessKey"),
        model_identifier=read_text(request, "modelIdentifier"),
        model_version=read_text(request, "modelVersion"),
        project=read_text(request, "project"),
        search=read_text(request, "search"),
    )
