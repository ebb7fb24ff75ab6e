"""What the authenticator remembers: little, not for long, and nothing that was revoked."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, select, update

from modelyard.core.database import Database, ring_after_commit
from modelyard.core.errors import NotAuthenticated
from modelyard.core.sealing import Fingerprinter
from modelyard.domain.accounts import authenticator as module
from modelyard.domain.accounts import known
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.api_keys import TOPIC
from modelyard.domain.accounts.authenticator import Authenticator
from modelyard.domain.accounts.credentials import Credentials, KeyUnknown, NetworkNotAllowed, SessionUnknown
from modelyard.domain.accounts.known import Known
from modelyard.domain.accounts.last_use import LastUse
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.sessions import Visitor, make_token, open_session
from modelyard.domain.accounts.tables import ApiKey, Membership, SignedInSession, Team, User
from modelyard.domain.accounts.throttle import TooManyFailures
from modelyard.domain.accounts.wrong_keys import WrongKeys
from tests.cast import CAST, authorization
from tests.manual_clock import ManualClock

ALICE = Credentials(authorization(CAST.alice), address="192.0.2.7")
WRONG = replace(ALICE, authorization="ApiKey aliceprefix.wrong")


async def _change_key(database: Database, **values: Any) -> None:
    async with database.write() as session:
        await session.execute(update(ApiKey).where(ApiKey.prefix == "aliceprefix").values(**values))
        ring_after_commit(session, TOPIC)


async def _sign_in(database: Database, clock: ManualClock, fingerprinter: Fingerprinter) -> tuple[str, str]:
    """A cookie of Alice, and a token made from it; she is in Olga's team, too, as an auditor."""
    lifetime = timedelta(hours=8)
    async with database.write() as session:
        session.add(
            Membership(user_id="user-alice", team_id="team-administrators", roles=["AUDITOR"], created_at=clock.now())
        )
        user = await session.get_one(User, "user-alice")
        visitor = Visitor("192.0.2.7", "", "password")
        new = await open_session(session, clock, fingerprinter, user, visitor, team_id="team-vision", lifetime=lifetime)
        actor = replace(CAST.alice, session_id=new.row.id)
        token = await make_token(session, clock, fingerprinter, actor, lifetime)
    return new.token, token.token


@pytest.fixture
async def elsewhere(database_address: str, database: Database) -> AsyncIterator[Database]:
    """Another process on the same database."""
    opened = Database(database_address)
    yield opened
    await opened.close()


async def test_a_key_is_looked_up_once(authenticator: Authenticator, database: Database) -> None:
    statements: list[str] = []
    await authenticator.find_actor(ALICE)
    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    for _ in range(100):
        await authenticator.find_actor(ALICE)
    with pytest.raises(KeyUnknown):
        await authenticator.find_actor(WRONG)

    assert statements == []


async def test_memory_is_bounded(
    database: Database, clock: ManualClock, fingerprinter: Fingerprinter, last_use: LastUse
) -> None:
    generous, hour = WrongKeys(per_address=1000, per_prefix=1000), timedelta(hours=1)
    bounded = Authenticator(database, clock, fingerprinter, last_use, generous, idle=hour, most_remembered=2)
    for actor in CAST.everybody():
        await bounded.find_actor(Credentials(authorization(actor)))
    for number in range(50):
        with pytest.raises(KeyUnknown):
            await bounded.find_actor(Credentials(f"ApiKey prefix{number}.body"))

    assert set(bounded._memory) == {("charlieprefix", None), ("olgaprefix", None)}


async def test_revocation_holds_at_once(authenticator: Authenticator, database: Database) -> None:
    for values in ({"status": "Inactive"}, {"status": "Active", "networks": ["10.0.0.0/8"]}):
        await authenticator.find_actor(ALICE)
        await _change_key(database, **values)
        with pytest.raises((KeyUnknown, NetworkNotAllowed)):
            await authenticator.find_actor(ALICE)
        await _change_key(database, status="Active", networks=[])


async def test_revocation_by_another_process_holds_within_a_second(
    authenticator: Authenticator, elsewhere: Database
) -> None:
    await authenticator.find_actor(ALICE)
    await _change_key(elsewhere, status="Inactive")
    since = time.monotonic()
    while time.monotonic() - since < 1:
        try:
            await authenticator.find_actor(ALICE)
        except KeyUnknown:
            break
        await asyncio.sleep(0.02)
    else:
        pytest.fail("a second later the key still works")


async def test_what_was_read_before_a_change_is_not_remembered(
    authenticator: Authenticator, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_read, may_go_on = asyncio.Event(), asyncio.Event()
    find = known.find_by_prefix

    async def slowly(*arguments: Any) -> Known | None:
        found = await find(*arguments)
        has_read.set()
        await may_go_on.wait()
        return found

    monkeypatch.setattr(module, "find_by_prefix", slowly)
    reading = asyncio.create_task(authenticator.find_actor(ALICE))
    await has_read.wait()
    await _change_key(database, status="Inactive")
    may_go_on.set()
    await reading  # began before the change, so either answer is right

    with pytest.raises(KeyUnknown):
        await authenticator.find_actor(ALICE)


async def test_a_key_that_is_remembered_still_expires(
    authenticator: Authenticator, database: Database, clock: ManualClock
) -> None:
    await _change_key(database, expires_at=clock.now() + timedelta(minutes=1))
    await authenticator.find_actor(ALICE)
    await clock.advance(60)

    with pytest.raises(KeyUnknown):
        await authenticator.find_actor(ALICE)


@pytest.mark.parametrize(
    ("address", "lets_in"),
    [("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("11.1.2.3", False), ("::ffff:11.1.2.3", False), ("", False)],
)
async def test_a_key_works_from_its_networks_only(
    authenticator: Authenticator, database: Database, address: str, lets_in: bool
) -> None:
    await _change_key(database, networks=["10.0.0.0/8"])
    asking = authenticator.find_actor(replace(ALICE, address=address))
    if lets_in:
        assert (await asking).user_id == "user-alice"
    else:
        with pytest.raises(NetworkNotAllowed):
            await asking


async def test_a_wrong_body_from_another_network_is_told_nothing(
    authenticator: Authenticator, database: Database
) -> None:
    await _change_key(database, networks=["10.0.0.0/8"])
    with pytest.raises(KeyUnknown):
        await authenticator.find_actor(WRONG)


async def test_scopes_narrow_and_never_widen(authenticator: Authenticator, database: Database) -> None:
    await _change_key(database, scopes=[Permission.READ_JOBS, Permission.MANAGE_ACCOUNTS])
    actor = await authenticator.find_actor(ALICE)

    assert dict(actor.grants) == {Permission.READ_JOBS: CAST.alice.grants[Permission.READ_JOBS]}


async def test_sessions_and_tokens(
    authenticator: Authenticator, database: Database, clock: ManualClock, fingerprinter: Fingerprinter
) -> None:
    cookie, token = await _sign_in(database, clock, fingerprinter)
    by_cookie = Credentials(session_token=cookie)
    by_token = Credentials(f"Bearer {token}", "team-vision")

    for credentials in (by_cookie, by_token):
        actor = await authenticator.find_actor(credentials)
        assert (actor.user_id, actor.team_id, set(actor.roles)) == ("user-alice", "team-vision", {"DATA_SCIENTIST"})
        assert actor.session_id is not None
        switched = await authenticator.find_actor(replace(credentials, team_id="team-administrators"))
        assert (switched.team_id, set(switched.roles), switched.in_admin_team) == (
            "team-administrators",
            {"AUDITOR"},
            True,
        )
        with pytest.raises(NotAuthenticated):
            await authenticator.find_actor(replace(credentials, team_id="team-strangers"))
    async with database.write() as session:
        await session.execute(delete(SignedInSession).where(SignedInSession.kind == "browser"))
        ring_after_commit(session, TOPIC)
    with pytest.raises(SessionUnknown):
        await authenticator.find_actor(by_cookie)
    with pytest.raises(KeyUnknown):
        await authenticator.find_actor(by_token)


async def test_leaving_a_team_ends_acting_for_it(
    authenticator: Authenticator, database: Database, clock: ManualClock, fingerprinter: Fingerprinter
) -> None:
    cookie, _ = await _sign_in(database, clock, fingerprinter)
    there = Credentials(session_token=cookie, team_id="team-administrators")
    await authenticator.find_actor(there)
    async with database.write() as session:
        await session.execute(delete(Membership).where(Membership.team_id == "team-administrators"))
        ring_after_commit(session, TOPIC)

    with pytest.raises(SessionUnknown):
        await authenticator.find_actor(there)
    assert (await authenticator.find_actor(Credentials(session_token=cookie))).team_id == "team-vision"


@pytest.mark.parametrize(("table", "where"), [(User, User.id == "user-alice"), (Team, Team.id == "team-vision")])
async def test_a_session_rests_with_its_user_and_team(
    authenticator: Authenticator,
    database: Database,
    clock: ManualClock,
    fingerprinter: Fingerprinter,
    table: type[Any],
    where: Any,
) -> None:
    cookie, _ = await _sign_in(database, clock, fingerprinter)
    async with database.write() as session:
        await session.execute(update(table).where(where).values(status="Inactive"))

    with pytest.raises(SessionUnknown):
        await authenticator.find_actor(Credentials(session_token=cookie))


async def test_a_key_comes_before_a_cookie(
    authenticator: Authenticator, database: Database, clock: ManualClock, fingerprinter: Fingerprinter
) -> None:
    cookie, _ = await _sign_in(database, clock, fingerprinter)
    actor = await authenticator.find_actor(Credentials(authorization(CAST.bob), session_token=cookie))
    assert actor.user_id == "user-bob"
    with pytest.raises(KeyUnknown):
        await authenticator.find_actor(replace(WRONG, session_token=cookie))


async def test_who_guesses_waits_and_who_knows_goes_on(
    database: Database, clock: ManualClock, fingerprinter: Fingerprinter, last_use: LastUse
) -> None:
    wrong_keys = WrongKeys(per_address=4, per_prefix=3)
    guarded = Authenticator(database, clock, fingerprinter, last_use, wrong_keys, idle=timedelta(hours=1))

    async def guess(body: str, prefix: str = "aliceprefix", address: str = "192.0.2.7") -> Actor:
        return await guarded.find_actor(Credentials(f"ApiKey {prefix}.{body}", address=address))

    await guarded.find_actor(ALICE)
    for number in range(3):
        with pytest.raises(KeyUnknown):
            await guess(f"wrong{number}")
    with pytest.raises(TooManyFailures):  # the prefix: it is told so wherever it comes from
        await guess("wrong3", address="198.51.100.7")
    with pytest.raises(KeyUnknown):
        await guess("wrong4", prefix="unknown")
    with pytest.raises(TooManyFailures):  # the address
        await guarded.find_actor(replace(ALICE, authorization=authorization(CAST.bob)))

    await guarded.find_actor(ALICE)
    await guarded.find_actor(replace(ALICE, address="203.0.113.9"))
    await guarded.find_actor(Credentials(authorization(CAST.bob), address="203.0.113.9"))


async def test_what_is_no_guess_is_not_counted(
    database: Database, clock: ManualClock, fingerprinter: Fingerprinter, last_use: LastUse
) -> None:
    wrong_keys = WrongKeys(per_address=1, per_prefix=1)
    guarded = Authenticator(database, clock, fingerprinter, last_use, wrong_keys, idle=timedelta(hours=1))
    await _change_key(database, status="Inactive")

    for credentials in (ALICE, replace(ALICE, team_id="team-strangers"), Credentials(session_token="over")):
        for _ in range(3):
            with pytest.raises(NotAuthenticated):
                await guarded.find_actor(credentials)
    await guarded.find_actor(replace(ALICE, authorization=authorization(CAST.bob)))


async def test_use_is_written_down_together(
    authenticator: Authenticator,
    last_use: LastUse,
    database: Database,
    clock: ManualClock,
    fingerprinter: Fingerprinter,
) -> None:
    cookie, _ = await _sign_in(database, clock, fingerprinter)
    await clock.advance(5)
    await authenticator.find_actor(ALICE)
    await authenticator.find_actor(Credentials(session_token=cookie))
    with pytest.raises(KeyUnknown):
        await authenticator.find_actor(replace(ALICE, authorization="ApiKey bobprefix.wrong"))
    await last_use.write()

    async with database.read() as session:
        assert (await session.get_one(ApiKey, "aliceprefix")).last_used_at == clock.now()
        assert (await session.get_one(User, "user-alice")).last_active_at == clock.now()
        assert (await session.get_one(ApiKey, "bobprefix")).last_used_at is None
        assert clock.now() in (await session.scalars(select(SignedInSession.last_seen_at))).all()


async def test_uses_that_are_noted_are_bounded(database: Database, clock: ManualClock) -> None:
    last_use = LastUse(database, clock, most_noted=3)
    for number in range(10):
        last_use.note_key(f"prefix{number}", f"user{number}")

    assert len(last_use._keys) == len(last_use._users) == 3
    await last_use.write()
    assert last_use._keys == {}
