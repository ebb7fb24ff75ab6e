"""Reads the whole database and storage when nothing is under way, and says what does not add up."""

import asyncio
from collections import Counter
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import SystemClock
from modelyard.core.database import Database
from modelyard.domain.accounts.tables import QuotaUse
from modelyard.domain.engines.tables import LIVE, Engine
from modelyard.domain.jobs.abandoned import delete_inputs
from modelyard.domain.jobs.blobs import INPUTS, OUTPUTS, BlobStore
from modelyard.domain.jobs.removal import JobRemoval
from modelyard.domain.jobs.status import FINISHED, ItemState
from modelyard.domain.jobs.stray_files import AGE, StrayFiles
from modelyard.domain.jobs.tables import ItemInput, ItemOutput, Job, JobItem
from tests.faults.targets import Target
from tests.manual_clock import ManualClock

SECONDS_TO_END = 180
_END = {ItemState.SUCCESSFUL, ItemState.FAILED, ItemState.CANCELED}


def check_books(target: Target) -> list[str]:
    """What is wrong once all jobs have ended, also those whose acknowledgement their sender never saw."""
    return asyncio.run(_check(target))


async def _check(target: Target) -> list[str]:
    database = Database(target.database)
    try:
        async with asyncio.timeout(SECONDS_TO_END):
            while await _is_under_way(database):  # noqa: ASYNC110 - other processes ring no bell here
                await asyncio.sleep(0.3)
        async with database.read() as session:
            wrong = [*await _jobs(session), *await _outputs(session), *await _quotas(session)]
        wrong += await _files(database, target)
        await _clear(database, target)
    except TimeoutError:
        return [f"jobs or engines are under way after {SECONDS_TO_END} s"]
    else:
        return wrong
    finally:
        await database.close()


async def _is_under_way(database: Database) -> bool:
    async with database.read() as session:
        jobs = select(func.count()).where(Job.status.not_in(FINISHED))
        engines = select(func.count()).where(Engine.state.in_(LIVE))
        return bool(await session.scalar(jobs) or await session.scalar(engines))


async def _jobs(session: AsyncSession) -> list[str]:
    """The counts of jobs are those of their items, which have all come to an end."""
    states: dict[str, Counter[str]] = {}
    counted = select(JobItem.job_id, JobItem.state, func.count()).group_by(JobItem.job_id, JobItem.state)
    for job_id, state, number in await session.execute(counted):
        states.setdefault(job_id, Counter())[state] = number
    wrong = []
    for job in await session.scalars(select(Job)):
        there = states.get(job.id, Counter())
        shown = (job.total, job.completed, job.failed)
        if shown != (there.total(), there[ItemState.SUCCESSFUL], there[ItemState.FAILED]) or set(there) - _END:
            wrong.append(f"job {job.id} {job.status} shows {shown}, its items are {dict(there)}")
    return wrong


async def _outputs(session: AsyncSession) -> list[str]:
    """Items have one output when they were successful, and else none."""
    number = func.count(ItemOutput.name)
    each = select(JobItem.id, JobItem.state, number).outerjoin(ItemOutput).group_by(JobItem.id, JobItem.state)
    each = each.join(Job, Job.id == JobItem.job_id).where(Job.results_deleted_at.is_(None))
    odd = [
        f"item {item} is {state} and has {outputs} outputs"
        for item, state, outputs in await session.execute(each)
        if outputs != (state == ItemState.SUCCESSFUL)
    ]
    return odd[:5]


async def _quotas(session: AsyncSession) -> list[str]:
    used = await session.scalar(select(func.sum(QuotaUse.used))) or 0
    done = await session.scalar(select(func.sum(Job.completed))) or 0
    return [] if used == done else [f"the quota counts {used} items, {done} were successful"]


async def _files(database: Database, target: Target) -> list[str]:
    """Each row has its file; files without a row go when they are old enough."""
    clock = ManualClock(datetime.now(UTC))
    strays = StrayFiles(database, clock, BlobStore(target.storage))
    await strays.remove_old()
    await clock.advance(AGE.total_seconds() + 1)
    if removed := await strays.remove_old():
        target.leftovers.append(f"{removed} stray files")
    async with database.read() as session:
        rows = {
            key
            for column in (ItemOutput.storage_key, ItemInput.storage_key)
            for key in await session.scalars(select(column).where(column.is_not(None)))
            if key
        }
    folders = (f"{INPUTS}/", f"{OUTPUTS}/")
    files = {file.key async for file in target.storage.list_files() if file.key.startswith(folders)}
    wrong = [f"lost files: {sorted(rows - files)[:3]}"] if rows - files else []
    return wrong + ([f"files of nobody: {sorted(files - rows)[:3]}"] if files - rows else [])


async def _clear(database: Database, target: Target) -> None:
    """Deletes inputs and results that have been looked at: the object store of the tests cannot list 1,000 files."""
    clock, blobs = SystemClock(), BlobStore(target.storage)
    removal = JobRemoval(database, clock, blobs)
    async with database.read() as session:
        jobs = list(await session.scalars(select(Job.id).where(Job.results_deleted_at.is_(None))))
    for job_id in jobs:
        await removal.remove_results(job_id)
        await blobs.forget(INPUTS, job_id)
        async with database.write() as session:
            await delete_inputs(session, clock, job_id)
