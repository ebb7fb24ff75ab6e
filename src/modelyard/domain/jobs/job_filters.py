"""What lists of jobs can be narrowed to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from modelyard.domain.accounts.tables import ApiKey, User
from modelyard.domain.jobs.status import JobStatus
from modelyard.domain.jobs.tables import Job


@dataclass(frozen=True, slots=True)
class JobFilter:
    """What to look for; empty means anything. Texts are contained, in any case; identifiers are exact."""

    statuses: tuple[JobStatus, ...] = tuple(JobStatus)
    with_failures_only: bool = False
    start: datetime | None = None
    """Not created before."""
    end: datetime | None = None
    """Not created after."""
    model: str = ""
    user: str = ""
    """A part of the name, e-mail address or identifier."""
    access_key: str = ""
    """A part of the prefix or name."""
    model_identifier: str = ""
    model_version: str = ""
    project: str = ""
    """An identifier."""
    search: str = ""
    """The beginning of a job's identifier, or a part of the model's, the user's or the key's name."""


def conditions(wanted: JobFilter) -> list[ColumnElement[bool]]:
    """The filter over rows of `jobs`."""
    return [*_exact(wanted), *_contained(wanted)]


def _exact(wanted: JobFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if set(wanted.statuses) != set(JobStatus):
        found.append(Job.status.in_(wanted.statuses))
    if wanted.with_failures_only:
        found.append(or_(Job.failed > 0, Job.status == JobStatus.TIMEDOUT))
    if wanted.start:
        found.append(Job.created_at >= wanted.start)
    if wanted.end:
        found.append(Job.created_at <= wanted.end)
    if wanted.model_identifier:
        found.append(Job.model_id == wanted.model_identifier)
    if wanted.model_version:
        found.append(Job.version == wanted.model_version)
    if wanted.project:
        found.append(Job.project_id == wanted.project)
    return found


def _contained(wanted: JobFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.model:
        found.append(_of_model(wanted.model))
    if wanted.user:
        found.append(_of_user(wanted.user))
    if wanted.access_key:
        found.append(_of_key(wanted.access_key))
    if text := wanted.search:
        found.append(
            or_(Job.id.startswith(text.lower(), autoescape=True), _of_model(text), _of_user(text), _of_key(text))
        )
    return found


def _of_model(text: str) -> ColumnElement[bool]:
    return Job.model_name.icontains(text, autoescape=True)


def _of_user(text: str) -> ColumnElement[bool]:
    columns = (User.first_name, User.last_name, User.email, User.id)
    return Job.user_id.in_(select(User.id).where(or_(*_any_contains(columns, text))))


def _of_key(text: str) -> ColumnElement[bool]:
    return Job.key_prefix.in_(select(ApiKey.prefix).where(or_(*_any_contains((ApiKey.prefix, ApiKey.name), text))))


def _any_contains(columns: tuple[Any, ...], text: str) -> list[ColumnElement[bool]]:
    return [column.icontains(text, autoescape=True) for column in columns]
