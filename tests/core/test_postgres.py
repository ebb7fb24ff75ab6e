"""What PostgreSQL does otherwise than SQLite, and what must be the same all the same."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.database import Database
from modelyard.core.database_errors import DatabaseAway, DatabaseBusy
from modelyard.core.nul import NulRefused
from modelyard.core.postgres_errors import ValueUnusable
from modelyard.domain.accounts.tables import Account

NOW = datetime(2026, 1, 2, tzinfo=UTC)
NAMES = ["b", "B", "a", "Ä", "ä", "a b", "ab", "A-b", "_a", "Z", "z", "10", "9"]


def _account(name: str) -> Account:
    return Account(id=name[:36], name=name, created_at=NOW)


@pytest.fixture
async def elsewhere(database_address: str, database: Database) -> AsyncIterator[Database]:
    """Another process on the same database."""
    opened = Database(database_address)
    yield opened
    await opened.close()


async def _rename(session: AsyncSession, account: str) -> None:
    await session.execute(update(Account).where(Account.id == account).values(name=f"new {account}"))


async def test_texts_sort_by_their_bytes(database: Database) -> None:
    async with database.write() as session:
        session.add_all([_account(name) for name in NAMES])

    async with database.read() as session:
        query = select(Account.name).where(Account.id.in_(NAMES))
        found = list(await session.scalars(query.order_by(Account.name)))
        behind = set(await session.scalars(query.where(Account.name > "Z")))
    assert found == sorted(NAMES)
    assert behind == {name for name in NAMES if name > "Z"}


async def test_parts_of_texts_are_found_alike(database: Database) -> None:
    async with database.write() as session:
        session.add_all([_account(name) for name in ("50%_A/b", "50 xa/b", "ÄRGER")])

    async def find(part: str) -> list[str]:
        async with database.read() as session:
            return list(
                await session.scalars(select(Account.name).where(Account.name.icontains(part, autoescape=True)))
            )

    assert await find("0%_a/") == ["50%_A/b"]
    assert await find("rger") == ["ÄRGER"]
    assert await find("ärger") == []


async def test_a_text_with_nul_is_refused_by_name(database: Database) -> None:
    with pytest.raises(NulRefused, match="name: "):
        async with database.write() as session:
            session.add(Account(id="nul", name="a\0b", created_at=NOW))

    async with database.read() as session:
        assert (await session.scalars(select(Account).where(Account.name == "a\0b"))).all() == []


@pytest.mark.postgres
async def test_what_containers_say_is_stored_as_far_as_it_can_be(database: Database) -> None:
    async with database.write() as session:
        session.add(_account("noisy"))
        await session.flush()
        await session.execute(update(Account).where(Account.id == "noisy").values(name="a\0b"))

    async with database.read() as session:
        assert await session.scalar(select(Account.name).where(Account.id == "noisy")) == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.postgres
@pytest.mark.parametrize("values", [{"name": "x" * 201}, {"processing_engines": 2**40}])
async def test_values_that_do_not_fit_are_the_callers_mistake(database: Database, values: dict[str, object]) -> None:
    with pytest.raises(ValueUnusable):
        async with database.write() as session:
            await session.execute(update(Account).values(**values))


@pytest.mark.postgres
async def test_some_write_beside_each_other_but_not_beside_others(database: Database, elsewhere: Database) -> None:
    order: list[str] = []
    entered, may_end = asyncio.Event(), asyncio.Event()

    async def alone() -> None:
        async with elsewhere.write():
            order.append("alone")

    async def beside() -> None:
        async with database.write(beside_others=True):
            entered.set()
            await may_end.wait()
            order.append("beside")

    first = asyncio.create_task(beside())
    await entered.wait()
    async with elsewhere.write(beside_others=True):
        order.append("beside")
    last = asyncio.create_task(alone())
    await _somebody_waits(database)
    may_end.set()
    await asyncio.gather(first, last)

    assert order == ["beside", "beside", "alone"]


async def _somebody_waits(database: Database) -> None:
    async with database.read() as session:
        query = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while not await session.scalar(query):  # noqa: ASYNC110 - nobody tells when a lock is waited for
            await asyncio.sleep(0)


@pytest.mark.postgres
async def test_who_waits_for_a_turn_can_be_cancelled(database: Database, elsewhere: Database) -> None:
    async def wait() -> None:
        async with elsewhere.write():
            pass

    async with database.write():
        waiting = asyncio.create_task(wait())
        await _somebody_waits(database)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    await wait()


@pytest.mark.postgres
async def test_of_two_that_wait_in_a_circle_one_is_told_to_try_again(database: Database, elsewhere: Database) -> None:
    async with database.write() as session:
        session.add_all([_account("one"), _account("two")])
    both_hold_one = asyncio.Barrier(2)

    async def rename(source: Database, first: str, second: str) -> None:
        async with source.write(beside_others=True) as session:
            await _rename(session, first)
            await both_hold_one.wait()
            await _rename(session, second)

    calls = [rename(database, "one", "two"), rename(elsewhere, "two", "one")]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes if outcome] == [DatabaseBusy]
    async with database.read() as session:
        names = list(await session.scalars(select(Account.name).where(Account.id.in_(["one", "two"]))))
    assert sorted(names) == ["new one", "new two"]


@pytest.mark.postgres
async def test_lost_connections_are_made_anew(database: Database, elsewhere: Database) -> None:
    mine = text("SELECT pg_backend_pid()")
    end = text("SELECT pg_terminate_backend(:pid)")
    with pytest.raises(DatabaseAway):  # noqa: PT012
        async with database.write() as session:
            pid = await session.scalar(mine)
            async with elsewhere.engine.connect() as connection:
                await connection.execute(end, {"pid": pid})
            await _rename(session, "account-acme")

    async with database.write() as session:
        await _rename(session, "account-acme")


@pytest.mark.postgres
async def test_connections_that_were_lost_while_idle_harm_nobody(database: Database, elsewhere: Database) -> None:
    async with database.read() as session:
        pid = await session.scalar(text("SELECT pg_backend_pid()"))
    async with elsewhere.engine.connect() as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

    async with database.write() as session:
        await _rename(session, "account-acme")


@pytest.mark.postgres
async def test_a_reader_sees_one_state(database: Database, elsewhere: Database) -> None:
    query = select(Account.name).where(Account.id == "account-acme")
    async with database.read() as session:
        before = await session.scalar(query)
        async with elsewhere.write() as writing:
            await _rename(writing, "account-acme")

        assert await session.scalar(query) == before
