"""What lists of models and versions can be sorted by, in the API's words."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case

from modelyard.core.listing import known_sort
from modelyard.core.paging import Sort
from modelyard.domain.models.tables import Model, Version, VersionStatus

Orders = Mapping[str, Callable[[datetime], Any]]


def _by(column: Any) -> Callable[[datetime], Any]:
    return lambda _: column


def _is_expired(now: datetime) -> ColumnElement[int]:
    return case((Model.expires_at <= now, 1), else_=0)


MODEL_ORDERS: Orders = {
    "modelId": _by(Model.id),
    "identifier": _by(Model.id),
    "author": _by(Model.author),
    "createdByEmail": _by(Model.created_by_email),
    "submittedByEmail": _by(Model.created_by_email),
    "createdByFullName": _by(Model.created_by_full_name),
    "name": _by(Model.name_key),
    "description": _by(Model.description),
    "isActive": _by(Model.is_active),
    "isExpired": _is_expired,
    "isRecommended": _by(Model.is_recommended),
    "isFeatured": _by(Model.is_recommended),
    "isCommercial": _by(Model.is_commercial),
    "latestVersion": _by(Model.latest_version_key),
    "lastActiveDateTime": _by(Model.last_active_at),
    "expirationDateTime": _by(Model.expires_at),
    "createdAt": _by(Model.created_at),
    "creationDateTime": _by(Model.created_at),
    "updatedAt": _by(Model.updated_at),
    "updateDateTime": _by(Model.updated_at),
    "visibility.scope": _by(Model.scope),
}
VERSION_ORDERS: Orders = {
    "version": _by(Version.order_key),
    "createdAt": _by(Version.created_at),
    "createdBy": _by(Version.created_by_email),
    "updatedAt": _by(Version.updated_at),
    "status": _by(Version.status),
    "isActive": lambda _: case((Version.status == VersionStatus.ACTIVE, 1), else_=0),
    "processing.minimumParallelCapacity": _by(Version.minimum_engines),
    "processing.maximumParallelCapacity": _by(Version.maximum_engines),
    "timeout.status": _by(Version.status_timeout_ms),
    "timeout.run": _by(Version.run_timeout_ms),
    "requirement.requirementId": _by(Version.requirement_id),
    **{f"model.{name}": column for name, column in MODEL_ORDERS.items()},
}
_MAY_BE_UNKNOWN = (Model.expires_at, Version.status_timeout_ms, Version.run_timeout_ms, Version.requirement_id)
"""Who has no such value stands at the end, whatever the direction."""


def order_by(orders: Orders, sort: Sort, now: datetime, *, default: Any, last: Any) -> list[Any]:
    """The columns to order by. Raises FieldNotSortable.

    Args:
        default: when nothing is said.
        last: what decides in the end, so that pages never overlap.
    """
    columns = [orders[name](now) for name in known_sort(sort, orders).fields] or [default]
    return [*(_directed(column, sort) for column in columns), *_directed_all(last, sort)]


def _directed(column: Any, sort: Sort) -> Any:
    directed = column.desc() if sort.descending else column.asc()
    return directed.nulls_last() if any(column is one for one in _MAY_BE_UNKNOWN) else directed


def _directed_all(columns: Sequence[Any], sort: Sort) -> list[Any]:
    return [_directed(column, sort) for column in columns]
