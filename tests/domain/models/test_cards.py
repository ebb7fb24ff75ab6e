"""Cards: revisions, lost updates, what a card said on a day, and who may write it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from modelyard.core.database import Database
from modelyard.core.paging import Page
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.tables import Account
from modelyard.domain.audit.tables import AuditEvent
from modelyard.domain.models.card_content import ModelCard
from modelyard.domain.models.cards import (
    CardOutdated,
    CardState,
    RevisionNotFound,
    copy_card,
    list_revisions,
    read_card,
    write_card,
)
from modelyard.domain.models.catalog import ModelNotFound, VersionNotFound
from modelyard.domain.models.metadata import MetadataRejected, VersionChanges
from modelyard.domain.models.tables import CardRevision, Scope, Version
from modelyard.domain.models.versions import change_version, create_version
from modelyard.domain.models.visibility import NotYourModel
from tests.cast import CAST, Cast
from tests.library import add_active, add_model, audited, read_version_row, set_scope
from tests.manual_clock import ManualClock

ALICE = CAST.alice
FIRST = ModelCard(intended_use="Sorting letters.", risk_rating="minimal")
SECOND = replace(FIRST, risk_rating="high")


class Cards:
    """The card of one active model."""

    def __init__(self, database: Database, clock: ManualClock, model_id: str) -> None:
        self.database = database
        self.clock = clock
        self.model_id = model_id

    async def write(self, card: ModelCard, *, actor: Actor = ALICE, known: set[int] | None = None) -> CardState:
        async with self.database.write() as session:
            return await write_card(session, self.clock, actor, self.model_id, "0.1.0", card, known=known)

    async def read(self, **which: object) -> CardState:
        async with self.database.read() as session:
            return await read_card(session, ALICE, self.model_id, "0.1.0", **which)  # type: ignore[arg-type]

    async def change(self, **changes: str) -> None:
        async with self.database.write() as session:
            await change_version(session, self.clock, ALICE, self.model_id, "0.1.0", VersionChanges(**changes))  # type: ignore[arg-type]


@pytest.fixture
async def cards(database: Database, clock: ManualClock) -> Cards:
    return Cards(database, clock, await add_active(database, ALICE))


async def test_an_unwritten_card_is_empty(cards: Cards) -> None:
    state = await cards.read()

    assert (state.number, state.card, state.changed_at, state.changed_by) == (0, ModelCard(), None, None)


async def test_a_card_of_an_active_version_may_change(cards: Cards) -> None:
    first = await cards.write(FIRST)
    await cards.clock.advance(60)
    second = await cards.write(SECOND)

    assert (first.number, second.number) == (1, 2)
    assert (await cards.read()).card == SECOND
    assert (await cards.read(number=1)).card == FIRST
    assert (second.changed_by, second.changed_at) == (ALICE.email, cards.clock.now())
    assert (await read_version_row(cards.database, cards.model_id)).status == "active"


async def test_the_audit_trail_tells_who_changed_what(cards: Cards) -> None:
    await cards.write(FIRST)
    await cards.write(SECOND)

    async with cards.database.read() as session:
        query = select(AuditEvent).where(AuditEvent.action == "model:version:card-changed").order_by(AuditEvent.id)
        _, event = await session.scalars(query)
    assert (event.actor, event.target) == (ALICE.email, f"model/{cards.model_id}/0.1.0")
    assert event.details == {
        "revision": 2,
        "before": {"risk": {"rating": "minimal", "reason": ""}},
        "after": {"risk": {"rating": "high", "reason": ""}},
    }


async def test_the_same_card_makes_no_revision(cards: Cards) -> None:
    await cards.write(FIRST)

    assert (await cards.write(FIRST)).number == 1
    assert (await audited(cards.database)).count("model:version:card-changed") == 1


async def test_nobody_overwrites_what_they_have_not_read(cards: Cards) -> None:
    await cards.write(FIRST, known={0})
    with pytest.raises(CardOutdated, match="revision 1 now"):
        await cards.write(SECOND, known={0})
    assert (await cards.read()).card == FIRST

    await cards.write(SECOND, known={1, 7})
    assert (await cards.read()).card == SECOND


async def test_what_the_card_said_on_a_day(cards: Cards) -> None:
    beginning = cards.clock.now()
    await cards.clock.advance(3600)
    await cards.write(FIRST)
    await cards.clock.advance(3600)
    await cards.change(technical_details="A small network.")
    await cards.clock.advance(3600)
    await cards.write(SECOND)

    def after(hours: float) -> dict[str, object]:
        return {"at": beginning + timedelta(hours=hours)}

    assert (await cards.read(**after(0.5))).number == 0
    assert (await cards.read(**after(0.5))).technical_details == ""
    assert (await cards.read(**after(1))).number == 1
    state = await cards.read(**after(2.5))
    assert (state.number, state.card, state.technical_details) == (2, FIRST, "A small network.")
    assert (await cards.read(**after(1.5))).technical_details == ""
    assert (await cards.read(**after(99))).card == SECOND


async def test_words_of_the_version_make_revisions_only_when_they_change(cards: Cards) -> None:
    await cards.change(performance_summary="Good.", long_description="Long.")
    await cards.change(performance_summary="Good.")
    await cards.change(long_description="Longer.")

    state = await cards.read()
    assert (state.number, state.performance_summary, state.changed_by) == (1, "Good.", ALICE.email)


async def test_revisions_newest_first_in_pages(cards: Cards) -> None:
    for text in "abc":
        await cards.write(ModelCard(caveats=text))

    async with cards.database.read() as session:
        first = await list_revisions(session, ALICE, cards.model_id, "0.1.0", Page(1, 2))
        rest = await list_revisions(session, ALICE, cards.model_id, "0.1.0", Page(2, 2))
        everything = await list_revisions(session, ALICE, cards.model_id, "0.1.0", Page())
    assert ([state.number for state in first.entries], first.has_next) == ([3, 2], True)
    assert ([state.number for state in rest.entries], rest.has_next) == ([1], False)
    assert [state.card.caveats for state in everything.entries] == ["c", "b", "a"]


async def test_revisions_that_are_not_there(cards: Cards) -> None:
    assert (await cards.read(number=0)).number == 0
    with pytest.raises(RevisionNotFound, match="no revision 5; its newest is 0"):
        await cards.read(number=5)
    await cards.write(FIRST)
    assert (await cards.read(number=0)).card == ModelCard()


async def test_who_may_write_and_read(cards: Cards, cast: Cast) -> None:
    for stranger in (cast.bob, cast.charlie):
        with pytest.raises(ModelNotFound):
            await cards.write(FIRST, actor=stranger)
    await set_scope(cards.database, cards.model_id, Scope.ALL)
    with pytest.raises(NotYourModel):
        await cards.write(FIRST, actor=cast.charlie)
    async with cards.database.read() as session:
        assert (await read_card(session, cast.charlie, cards.model_id, "0.1.0")).number == 0
        with pytest.raises(VersionNotFound):
            await read_card(session, cast.charlie, cards.model_id, "9.9.9")
    assert (await cards.write(FIRST, actor=cast.olga)).changed_by == cast.olga.email


async def test_a_bad_card_changes_nothing(cards: Cards) -> None:
    with pytest.raises(MetadataRejected, match=r"risk.rating.*languages\[0\]"):
        await cards.write(ModelCard(risk_rating="x", languages=("?",)))
    assert (await cards.read()).number == 0


async def test_a_change_makes_approvals_void(cards: Cards) -> None:
    async with cards.database.write() as session:
        (await session.get_one(Account, ALICE.account_id)).approval_roles = ["ACCOUNT_ADMIN"]
        version = (await session.scalars(select(Version))).one()
        version.approval_asked_at, version.approval_asked_by = cards.clock.now(), CAST.bob.user_id
    await cards.write(FIRST)

    assert "model:version:approval-asked" in await audited(cards.database)


async def test_a_copy_for_another_version(cards: Cards, database: Database, clock: ManualClock) -> None:
    await cards.write(FIRST)
    await cards.write(SECOND)
    async with database.write() as session:
        source = await create_version(session, clock, ALICE, cards.model_id, version="0.2.0")
        old = (await session.scalars(select(Version).where(Version.version == "0.1.0"))).one()
        await copy_card(session, clock, ALICE, old, source)

    async with database.read() as session:
        state = await read_card(session, ALICE, cards.model_id, "0.2.0")
    assert (state.number, state.card) == (1, SECOND)


async def test_a_version_that_goes_takes_its_card_along(database: Database, clock: ManualClock) -> None:
    cards = Cards(database, clock, await add_model(database, ALICE))
    await cards.write(FIRST)
    async with database.write() as session:
        await session.execute(delete(Version))
        assert (await session.scalars(select(CardRevision))).all() == []
