"""What lists of jobs can be narrowed to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

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
    """Not ended after; jobs that go on count by when they were created."""
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


def conditions(wanted: JobFilter, jobs: Any = Job) -> list[ColumnElement[bool]]:
    """The filter over rows of `jobs`, or of an alias of it."""
    return [*_exact(wanted, jobs), *_contained(wanted, jobs)]


def _exact(wanted: JobFilter, jobs: Any) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if set(wanted.statuses) != set(JobStatus):
        found.append(jobs.status.in_(wanted.statuses))
    if wanted.with_failures_only:
        found.append(or_(jobs.failed > 0, jobs.status == JobStatus.TIMEDOUT))
    if wanted.start:
        found.append(jobs.created_at >= wanted.start)
    if wanted.end:
        # The first is part of the second, and served by an index.
        found += [jobs.created_at <= wanted.end, or_(jobs.finished_at.is_(None), jobs.finished_at <= wanted.end)]
    if wanted.model_identifier:
        found.append(jobs.model_id == wanted.model_identifier)
    if wanted.model_version:
        found.append(jobs.version == wanted.model_version)
    if wanted.project:
        found.append(jobs.project_id == wanted.project)
    return found


def _contained(wanted: JobFilter, jobs: Any) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.model:
        found.append(contains(jobs.model_name, wanted.model))
    if wanted.user:
        found.append(jobs.user_id.in_(users_like(wanted.user)))
    if wanted.access_key:
        found.append(jobs.key_prefix.in_(keys_like(wanted.access_key)))
    if text := wanted.search:
        in_users, in_keys = jobs.user_id.in_(users_like(text)), jobs.key_prefix.in_(keys_like(text))
        found.append(or_(has_identifier(text, jobs), contains(jobs.model_name, text), in_users, in_keys))
    return found


def has_identifier(text: str, jobs: Any = Job) -> ColumnElement[bool]:
    """Whether a job's identifier begins so; as a range, which the key's index serves."""
    begin = text.lower()
    found: ColumnElement[bool] = and_(jobs.id >= begin, jobs.id < begin + BEYOND)
    return found


BEYOND = "~"
"""Comes after all that identifiers are made of."""


def users_like(text: str) -> Select[Any]:
    """Identifiers of users, as `value`, of whom something contains the text."""
    columns = (User.first_name, User.last_name, User.email, User.id)
    return select(User.id.label("value")).where(or_(*(contains(column, text) for column in columns)))


def keys_like(text: str) -> Select[Any]:
    """Prefixes of keys, as `value`, of which something contains the text."""
    columns = (ApiKey.prefix, ApiKey.name)
    return select(ApiKey.prefix.label("value")).where(or_(*(contains(column, text) for column in columns)))


def contains(column: Any, text: str) -> ColumnElement[bool]:
    """Whether a text is in a column, in any case."""
    found: ColumnElement[bool] = column.icontains(text, autoescape=True)
    return found
