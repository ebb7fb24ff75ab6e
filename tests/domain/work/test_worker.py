"""The worker: runs, retries, gives up, and leaves nothing half done behind."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from sqlalchemy import select

from modelyard.core.clock import SystemClock
from modelyard.core.database import Database
from modelyard.core.errors import Conflict, PlatformError, Unavailable
from modelyard.domain.work import queue
from modelyard.domain.work.queue import ClaimedWork
from modelyard.domain.work.retry import NotYet
from modelyard.domain.work.tables import Work, WorkState
from modelyard.domain.work.worker import Share, Worker
from tests.manual_clock import ManualClock, RestlessClock
from tests.shaky_database import ShakyDatabase

KIND = "test"


class ScriptedTask:
    """Does what the test says, and remembers what it was asked for."""

    def __init__(self, run: Callable[[ClaimedWork], Awaitable[None]]) -> None:
        self._run = run
        self.attempts: list[int] = []
        self.given_up: list[PlatformError] = []
        self.broken_endings = 0
        """So many times `give_up` fails."""
        self.at_once = self.most_at_once = 0

    async def run(self, work: ClaimedWork) -> None:
        self.attempts.append(work.attempt)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self._run(work)
        finally:
            self.at_once -= 1

    async def give_up(self, work: ClaimedWork, error: PlatformError) -> None:
        self.given_up.append(error)
        if len(self.given_up) <= self.broken_endings:
            raise OSError("disk full")


async def test_who_has_much_work_leaves_room_for_others(database: Database) -> None:
    others_ran, hold = asyncio.Event(), asyncio.Event()

    async def run(work: ClaimedWork) -> None:
        if work.payload["user"] == "other":
            others_ran.set()
        else:
            await hold.wait()

    async with database.write() as session:
        for user in ("busy", "busy", "busy", "other"):
            queue.enqueue(session, ManualClock(), KIND, {"user": user})
    task = ScriptedTask(run)
    worker = Worker(database, RestlessClock(), {KIND: task}, owner="one", concurrency=3, share=Share("user", 2))
    async with _working(worker):
        await others_ran.wait()
        hold.set()
        assert len(await _ended(database)) == 4

    assert task.most_at_once == 3


def _raising(*errors: Exception) -> ScriptedTask:
    """Fails with one error after the other, then succeeds."""
    left = list(errors)

    async def run(_: ClaimedWork) -> None:
        if left:
            raise left.pop(0)

    return ScriptedTask(run)


@contextlib.asynccontextmanager
async def _working(worker: Worker) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run())
    yield
    task.cancel()
    await asyncio.wait([task])


async def _enqueue(database: Database, *, number: int = 1, max_attempts: int = 5) -> None:
    async with database.write() as session:
        for _ in range(number):
            queue.enqueue(session, ManualClock(), KIND, {}, max_attempts=max_attempts)


async def _ended(database: Database) -> list[Work]:
    """All work, once none waits or runs."""
    while True:
        async with database.read() as session:
            rows = list(await session.scalars(select(Work)))
        if all(row.state in {WorkState.DONE, WorkState.FAILED} for row in rows):
            return rows
        await asyncio.sleep(0.005)


def _worker(database: Database, task: ScriptedTask, *, concurrency: int = 2) -> Worker:
    return Worker(database, RestlessClock(), {KIND: task}, owner="one", concurrency=concurrency)


async def test_work_is_done(database: Database) -> None:
    task = _raising()
    async with _working(_worker(database, task)):
        await _enqueue(database, number=5)
        rows = await _ended(database)

    assert [row.state for row in rows] == [WorkState.DONE] * 5
    assert task.attempts == [1] * 5


async def test_a_worker_outlives_a_database_that_is_away(database_address: str) -> None:
    database = ShakyDatabase(database_address)
    await _enqueue(database)
    database.failures = 4
    async with _working(_worker(database, _raising())):
        rows = await _ended(database)

    assert [row.state for row in rows] == [WorkState.DONE]
    assert not database.failures
    await database.close()


async def test_at_most_so_many_run_at_once(database: Database) -> None:
    async def run(_: ClaimedWork) -> None:
        for _attempt in range(200):
            if task.most_at_once >= 3:
                break
            await asyncio.sleep(0.005)

    task = ScriptedTask(run)
    await _enqueue(database, number=6)
    async with _working(_worker(database, task, concurrency=3)):
        await _ended(database)

    assert task.most_at_once == 3


async def test_what_was_away_is_tried_again(database: Database) -> None:
    task = _raising(Unavailable("away"), OSError("away"))
    await _enqueue(database)
    async with _working(_worker(database, task)):
        (row,) = await _ended(database)

    assert (row.state, task.attempts, task.given_up) == (WorkState.DONE, [1, 2, 3], [])


async def test_waiting_for_something_under_way_is_no_attempt(database: Database) -> None:
    task = _raising(*[NotYet("still going on")] * 9)
    await _enqueue(database, max_attempts=2)
    async with _working(_worker(database, task)):
        (row,) = await _ended(database)

    assert (row.state, task.attempts, task.given_up) == (WorkState.DONE, [1] * 10, [])


async def test_last_attempt_is_final(database: Database) -> None:
    task = _raising(*[Unavailable("still away")] * 9)
    await _enqueue(database, max_attempts=3)
    async with _working(_worker(database, task)):
        (row,) = await _ended(database)

    assert (row.state, task.attempts) == (WorkState.FAILED, [1, 2, 3])
    assert [error.message for error in task.given_up] == ["still away"]
    assert row.last_error == "Unavailable: still away"


async def test_what_is_wrong_is_final_at_once(database: Database) -> None:
    task = _raising(Conflict("no"))
    await _enqueue(database)
    async with _working(_worker(database, task)):
        (row,) = await _ended(database)

    assert (row.state, task.attempts) == (WorkState.FAILED, [1])
    assert [error.message for error in task.given_up] == ["no"]


async def test_bug_in_a_task_is_told_without_its_text(database: Database) -> None:
    task = _raising(KeyError("secret"))
    await _enqueue(database)
    async with _working(_worker(database, task)):
        await _ended(database)

    (error,) = task.given_up
    assert "KeyError" in error.message
    assert "secret" not in error.message


async def test_shutdown_cancels_and_a_restart_goes_on(database: Database) -> None:
    began = asyncio.Event()

    async def hang(_: ClaimedWork) -> None:
        began.set()
        await asyncio.Event().wait()

    await _enqueue(database)
    async with _working(_worker(database, ScriptedTask(hang))):
        await began.wait()

    task = _raising()
    after = _worker(database, task)
    assert await after.take_over_everything() == 1
    async with _working(after):
        (row,) = await _ended(database)
    assert (row.state, task.attempts) == (WorkState.DONE, [2])


async def test_work_whose_end_was_not_written_comes_back(database: Database) -> None:
    """`give_up` fails, as with a full disk: the work must not stay claimed by a worker that forgot it."""
    task = _raising(Conflict("no"), Conflict("no"))
    task.broken_endings = 1
    await _enqueue(database)
    async with _working(_worker(database, task)):
        (row,) = await _ended(database)

    assert (row.state, task.attempts) == (WorkState.FAILED, [1, 2])


async def test_sleeping_worker_wakes_at_once(database: Database) -> None:
    task = _raising()
    worker = Worker(database, SystemClock(), {KIND: task}, owner="one", concurrency=1)
    async with _working(worker):
        await asyncio.sleep(0.05)
        await _enqueue(database)
        async with asyncio.timeout(1):
            await _ended(database)
