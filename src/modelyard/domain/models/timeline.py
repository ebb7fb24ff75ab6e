"""The history of a model as people read it, made from the audit trail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.listing import one_page, paged
from modelyard.core.paging import Found, Page
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.tables import User
from modelyard.domain.audit.filters import begins_with
from modelyard.domain.audit.tables import AuditEvent
from modelyard.domain.models.catalog import find_model
from modelyard.domain.models.event_titles import title_of


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """Something that happened to a model, or to one of its versions.

    Args:
        by: an e-mail address, or `platform`.
        details: what the audit trail has of it, such as `before` and `after`.
    """

    at: datetime
    by: str
    by_full_name: str | None
    action: str
    version: str | None
    title: str
    details: dict[str, Any]


def target_of(model_id: str) -> str:
    """What the targets of all events of a model begin with; identifiers are of one length."""
    return f"model/{model_id}"


async def list_timeline(session: AsyncSession, actor: Actor, model_id: str, page: Page) -> Found[TimelineEntry]:
    """What happened to a model, newest first. Raises ModelNotFound."""
    model = await find_model(session, actor, model_id)
    query = (
        select(AuditEvent, User)
        .outerjoin(User, User.id == AuditEvent.user_id)
        .where(begins_with(AuditEvent.target, target_of(model.id)))
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
    )
    return one_page([_entry(event, user) for event, user in await session.execute(paged(query, page))], page)


def _entry(event: AuditEvent, user: User | None) -> TimelineEntry:
    version = event.target.split("/")[2] if event.target.count("/") > 1 else None
    return TimelineEntry(
        at=event.at,
        by=event.actor,
        by_full_name=f"{user.first_name} {user.last_name}".strip() if user else None,
        action=event.action,
        version=version,
        title=title_of(event.action, version, event.details),
        details=event.details,
    )
