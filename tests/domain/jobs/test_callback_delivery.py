"""Callbacks of jobs: sent when the job has ended, tried again, and never by two at once."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select

from modelyard.adapters.callbacks.base import Reply
from modelyard.adapters.callbacks.fake import FakeCallbackSender
from modelyard.core.database import Database
from modelyard.core.sealing import Sealer
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.jobs.callback_delivery import LEASE, CallbackDelivery
from modelyard.domain.jobs.callback_turns import AT_ONCE_EACH
from modelyard.domain.jobs.callbacks import CallbackIntake, seal_callbacks_again
from modelyard.domain.jobs.ending import cancel_job, end_overdue_jobs
from modelyard.domain.jobs.queries import find_job
from modelyard.domain.jobs.submit import Submission
from modelyard.domain.jobs.tables import JobCallback
from tests.cast import CAST
from tests.domain.jobs.steps import claim, finish, submitter
from tests.library import add_active, audited, set_scope
from tests.manual_clock import ManualClock

URL = "https://receiver.example/ended"
SECRET = "a secret of the receiver"


class Callbacks:
    """Submits jobs with callbacks, and delivers these."""

    def __init__(self, database: Database, clock: ManualClock, sealer: Sealer, model_id: str) -> None:
        self.database, self.clock, self.sealer, self.model_id = database, clock, sealer, model_id
        self.sender = FakeCallbackSender()
        self.delivery = self.another()

    def another(self) -> CallbackDelivery:
        """As another process would have it."""
        return CallbackDelivery(
            self.database, self.clock, self.sender, self.sealer, public_url="https://us.example", chance=lambda: 0.5
        )

    async def submit(
        self, *, secret: str | None = SECRET, timeout_ms: int = 0, url: str = URL, actor: Actor = CAST.alice
    ) -> str:
        """A job of one item."""
        callback = await CallbackIntake(self.sender, self.sealer).accept(url, secret)
        sources = {"only": {"input.txt": "text"}}
        wanted = Submission(self.model_id, "0.1.0", "text", sources, timeout_ms=timeout_ms, callback=callback)
        return (await submitter(self.database, self.clock).submit(actor, wanted)).job.id

    async def cancel(self, job_id: str, actor: Actor = CAST.alice) -> None:
        """Ends the job."""
        async with self.database.write() as session:
            await cancel_job(session, self.clock, actor, job_id)

    async def end_job(self, url: str, actor: Actor) -> str:
        """A job that has ended."""
        job_id = await self.submit(url=url, actor=actor)
        await self.cancel(job_id, actor)
        return job_id

    async def row(self) -> JobCallback:
        """How the only callback stands."""
        async with self.database.read() as session:
            return (await session.scalars(select(JobCallback))).one()


@pytest.fixture
async def callbacks(database: Database, clock: ManualClock, sealer: Sealer) -> Callbacks:
    model_id = await add_active(database, CAST.alice)
    await set_scope(database, model_id, "TEAM")
    return Callbacks(database, clock, sealer, model_id)


async def test_the_query_of_an_address_is_kept_until_the_end(callbacks: Callbacks) -> None:
    await callbacks.end_job(f"{URL}?token=secret", CAST.alice)
    assert (await callbacks.row()).url == f"{URL}?token=secret"

    await callbacks.delivery.deliver_some()

    assert [sent.url for sent in callbacks.sender.sent] == [f"{URL}?token=secret"]
    assert (await callbacks.row()).url == URL


async def test_nothing_is_sent_before_the_end(callbacks: Callbacks, database: Database, clock: ManualClock) -> None:
    job_id = await callbacks.submit()
    assert await callbacks.delivery.deliver_some() == 0
    claimed = await claim(database, clock)
    assert claimed is not None
    await clock.advance(2)
    await finish(database, clock, claimed)
    assert await callbacks.delivery.deliver_some() == 1
    assert await callbacks.delivery.deliver_some() == 0

    [sent] = callbacks.sender.sent
    message = json.loads(sent.body)
    assert (sent.url, sent.headers["webhook-id"], message["type"]) == (URL, job_id, "job.finished")
    assert sent.headers["webhook-signature"].startswith("v1,")
    data = message["data"]
    assert (data["jobIdentifier"], data["status"], data["completed"], data["failed"]) == (job_id, "COMPLETED", 1, 0)
    assert data["elapsedTime"] == 2000
    assert data["links"]["results"] == f"https://us.example/api/results/{job_id}"
    row = await callbacks.row()
    assert (row.state, row.attempts, row.last_status, row.sealed_secret) == ("delivered", 1, 204, None)
    async with database.read() as session:
        shown = (await find_job(session, CAST.alice, job_id)).job.callback
    assert shown is not None
    assert shown.delivered_at == clock.now()


async def test_other_ends(callbacks: Callbacks, database: Database, clock: ManualClock) -> None:
    await callbacks.cancel(await callbacks.submit(secret=None))
    await callbacks.submit(timeout_ms=1000)
    await clock.advance(1)
    async with database.write() as session:
        await end_overdue_jobs(session, clock)
    assert await callbacks.delivery.deliver_some() == 2
    found = {json.loads(sent.body)["data"]["status"]: sent.headers for sent in callbacks.sender.sent}
    assert set(found) == {"CANCELED", "TIMEDOUT"}
    assert "webhook-signature" not in found["CANCELED"]


async def test_tried_again_with_the_same_delivery(callbacks: Callbacks, clock: ManualClock) -> None:
    job_id = await callbacks.submit()
    await callbacks.cancel(job_id)
    callbacks.sender.reply = Reply(503, "away\nfor a while")
    assert await callbacks.delivery.deliver_some() == 1
    for seconds in (5, 10, 20):
        for step, sent in ((seconds - 1, 0), (1, 1)):
            await clock.advance(step)
            assert await callbacks.delivery.deliver_some() == sent
    row = await callbacks.row()
    assert (row.state, row.attempts, row.last_status) == ("due", 4, 503)
    assert row.last_error == "The receiver answered 503: away\\u000afor a while"
    callbacks.sender.is_away = True
    await clock.advance(40)
    await callbacks.delivery.deliver_some()
    row = await callbacks.row()
    assert (row.last_status, row.last_error) == (None, "The receiver does not answer.")

    assert {sent.headers["webhook-id"] for sent in callbacks.sender.sent} == {job_id}
    assert len({sent.headers["webhook-timestamp"] for sent in callbacks.sender.sent}) > 1


async def test_given_up_after_a_day(callbacks: Callbacks, database: Database, clock: ManualClock) -> None:
    job_id = await callbacks.submit()
    await callbacks.cancel(job_id)
    callbacks.sender.reply = Reply(500, "")
    await clock.advance(timedelta(days=1).total_seconds())
    await callbacks.delivery.deliver_some()
    row = await callbacks.row()
    assert (row.state, row.next_at, row.sealed_secret) == ("failed", None, None)
    assert "job:callback-failed" in await audited(database, f"job/{job_id}")
    await clock.advance(86_400)
    assert await callbacks.delivery.deliver_some() == 0


async def test_what_is_forbidden_meanwhile_is_given_up(callbacks: Callbacks) -> None:
    await callbacks.cancel(await callbacks.submit())
    callbacks.sender.forbidden.add("receiver.example")
    await callbacks.delivery.deliver_some()
    row = await callbacks.row()
    assert row.state == "failed"
    assert "may not connect" in (row.last_error or "")


async def test_two_servers_send_it_once(callbacks: Callbacks) -> None:
    for _ in range(5):
        await callbacks.cancel(await callbacks.submit())
    deliveries = [callbacks.another() for _ in range(4)]
    assert sum(await asyncio.gather(*(each.deliver_some() for each in deliveries))) == 5
    assert len({sent.headers["webhook-id"] for sent in callbacks.sender.sent}) == len(callbacks.sender.sent) == 5


async def test_who_dies_while_sending_is_replaced(callbacks: Callbacks, database: Database, clock: ManualClock) -> None:
    await callbacks.cancel(await callbacks.submit())
    async with database.write() as session:
        assert len(await callbacks.delivery._take(session)) == 1
    await clock.advance(LEASE.total_seconds() - 1)
    assert await callbacks.delivery.deliver_some() == 0
    await clock.advance(1)
    assert await callbacks.delivery.deliver_some() == 1
    assert (await callbacks.row()).attempts == 2


async def test_secrets_are_sealed_again(callbacks: Callbacks, database: Database) -> None:
    await callbacks.submit()
    newest = Sealer(b"the next secret of all", b"the secret of all tests")
    async with database.write() as session:
        assert await seal_callbacks_again(session, newest) == 1
    assert newest.open((await callbacks.row()).sealed_secret or "") == SECRET


class SilentSender(FakeCallbackSender):
    """Some receivers take what is sent and never answer."""

    def __init__(self) -> None:
        super().__init__()
        self.silent: Counter[str] = Counter()
        self.got = asyncio.Queue[str]()
        """Addresses of receivers that answered."""

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        if "silent" in url:
            self.silent[url] += 1
            await asyncio.Event().wait()
        reply = await super().send(url, headers, body)
        self.got.put_nowait(url)
        return reply


async def test_who_never_answers_holds_up_nobody_else(callbacks: Callbacks, clock: ManualClock) -> None:
    callbacks.sender = sender = SilentSender()
    for number in range(10):
        await callbacks.end_job(f"https://silent.example/{number}", CAST.alice)
    running = asyncio.create_task(callbacks.another().run())
    await callbacks.end_job("https://bob.example/", CAST.bob)
    await callbacks.end_job("https://silent.example/bob", CAST.bob)
    for _ in range(6):
        await callbacks.end_job("https://bob.example/", CAST.bob)
    while sender.got.qsize() < 7:
        await clock.advance(1)
        await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert sum(sender.silent.values()) == AT_ONCE_EACH
    assert {sent.url for sent in sender.sent} == {"https://bob.example/"}


async def test_users_take_turns(callbacks: Callbacks) -> None:
    for number in range(6):
        await callbacks.end_job(f"https://alice{number}.example/", CAST.alice)
    await callbacks.end_job("https://bob.example/", CAST.bob)
    assert await callbacks.delivery.deliver_some() == AT_ONCE_EACH + 1
    assert "https://bob.example/" in {sent.url for sent in callbacks.sender.sent}
