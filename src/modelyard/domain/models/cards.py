"""Model cards: read them as they are or were, and write new revisions."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import LimitReached, NotFound, Outdated
from modelyard.core.listing import one_page, paged
from modelyard.core.paging import Found, Page
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.audit.changes import differences
from modelyard.domain.audit.record import record
from modelyard.domain.models.approvals import reopen
from modelyard.domain.models.card_content import ModelCard, card_of, card_problems
from modelyard.domain.models.catalog import find_version, find_version_to_change
from modelyard.domain.models.locks import lock_version
from modelyard.domain.models.metadata import MetadataRejected
from modelyard.domain.models.search.index import index_soon
from modelyard.domain.models.tables import CardRevision, Version

MOST_REVISIONS = 10_000
WORDS = ("technical_details", "performance_summary")
"""Columns of a version that belong to its card: they are kept with each revision."""


class RevisionNotFound(NotFound):
    """The card has no such revision."""

    def __init__(self, number: int, newest: int) -> None:
        super().__init__(f"The card has no revision {number}; its newest is {newest}.")


class CardOutdated(Outdated):
    """Somebody has changed the card meanwhile."""

    def __init__(self, newest: int) -> None:
        super().__init__(
            f"The card has changed since you read it: it is at revision {newest} now. Read it again, make your change "
            f'to that, and send it with If-Match: "{newest}".'
        )


class TooManyRevisions(LimitReached):
    """The card has been changed too often."""

    def __init__(self) -> None:
        super().__init__(f"A card has at most {MOST_REVISIONS} revisions; create a new version of the model.")


@dataclass(frozen=True, slots=True)
class CardState:
    """A card at one of its revisions; revision 0 is what nobody has written anything into."""

    version: Version
    number: int
    card: ModelCard
    technical_details: str
    performance_summary: str
    changed_at: datetime | None = None
    changed_by: str | None = None

    def plain(self) -> dict[str, Any]:
        """All that it says: the card's own members, and the version's words about it."""
        words = {"technicalDetails": self.technical_details, "performanceSummary": self.performance_summary}
        return self.card.plain() | words


async def read_card(
    session: AsyncSession,
    actor: Actor,
    model_id: str,
    version: str,
    *,
    at: datetime | None = None,
    number: int | None = None,
) -> CardState:
    """The newest revision, the one that held at a moment, or the one with a number.

    Raises ModelNotFound, VersionNotFound, RevisionNotFound.
    """
    row = await find_version(session, actor, model_id, version)
    query = _newest_first(row)
    if at is not None:
        query = query.where(CardRevision.changed_at <= at)
    if number is not None:
        query = query.where(CardRevision.number == number)
    found = await session.scalar(query.limit(1))
    if found is None and number:
        raise RevisionNotFound(number, (await current_card(session, row)).number)
    if found is None and (at is not None or number is not None):
        return CardState(row, 0, ModelCard(), "", "")
    return card_state(row, found)


async def current_card(session: AsyncSession, row: Version) -> CardState:
    """The newest revision of a version's card."""
    return card_state(row, await session.scalar(_newest_first(row).limit(1)))


async def list_revisions(
    session: AsyncSession, actor: Actor, model_id: str, version: str, page: Page
) -> Found[CardState]:
    """The revisions of a card, newest first. Raises ModelNotFound, VersionNotFound."""
    row = await find_version(session, actor, model_id, version)
    revisions = await session.scalars(paged(_newest_first(row), page))
    return one_page([card_state(row, revision) for revision in revisions], page)


async def write_card(
    session: AsyncSession,
    clock: Clock,
    actor: Actor,
    model_id: str,
    version: str,
    card: ModelCard,
    *,
    known: Collection[int] | None = None,
) -> CardState:
    """Replaces the card; the words of an active version may change, too. Without a difference nothing happens.

    Args:
        known: the revisions that the caller expects it to be at; None when they do not care.

    Raises ModelNotFound, VersionNotFound, NotYourModel, MetadataRejected, CardOutdated, TooManyRevisions.
    """
    await lock_version(session, model_id, version)
    row = await find_version_to_change(session, actor, model_id, version)
    if problems := card_problems(card):
        raise MetadataRejected(problems)
    before = await current_card(session, row)
    if known is not None and before.number not in known:
        raise CardOutdated(before.number)
    changed = differences(before.card.plain(), card.plain())
    if not changed:
        return before
    revision = _add_revision(session, clock, actor, row, before.number + 1, card)
    row.updated_at = clock.now()
    target = f"model/{model_id}/{version}"
    record(session, clock, actor, "model:version:card-changed", target, revision=revision.number, **changed)
    await reopen(session, clock, actor, row, ["card"])
    index_soon(session, model_id)
    await session.flush()
    return card_state(row, revision)


async def remember_words(session: AsyncSession, clock: Clock, actor: Actor, row: Version) -> None:
    """Makes a revision out of words that have just changed in the version itself."""
    before = await current_card(session, row)
    _add_revision(session, clock, actor, row, before.number + 1, before.card)


async def copy_card(session: AsyncSession, clock: Clock, actor: Actor, source: Version, target: Version) -> None:
    """Gives a new version, which is stored already, the card of another one."""
    state = await current_card(session, source)
    if state.number or any(getattr(target, name) for name in WORDS):
        _add_revision(session, clock, actor, target, 1, state.card)


def card_state(row: Version, revision: CardRevision | None) -> CardState:
    """A revision as a value."""
    if revision is None:
        return CardState(row, 0, ModelCard(), row.technical_details, row.performance_summary)
    return CardState(
        row,
        revision.number,
        card_of(revision.content),
        revision.technical_details,
        revision.performance_summary,
        revision.changed_at,
        revision.changed_by_email,
    )


def _newest_first(row: Version) -> Select[CardRevision]:
    return select(CardRevision).where(CardRevision.version_id == row.id).order_by(CardRevision.number.desc())


def _add_revision(
    session: AsyncSession, clock: Clock, actor: Actor, row: Version, number: int, card: ModelCard
) -> CardRevision:
    if number > MOST_REVISIONS:
        raise TooManyRevisions
    revision = CardRevision(
        version_id=row.id,
        number=number,
        content=card.plain(),
        technical_details=row.technical_details,
        performance_summary=row.performance_summary,
        changed_at=clock.now(),
        changed_by_email=actor.email,
    )
    session.add(revision)
    return revision
