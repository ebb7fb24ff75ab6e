"""What keeps a version from being deleted, or removed for good: jobs, engines, tests and imports under way."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import Conflict
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.engines.tables import LIVE, Engine
from modelyard.domain.images.tables import ContainerImage, ImportState
from modelyard.domain.jobs.queries import visible_jobs
from modelyard.domain.jobs.status import UNFINISHED
from modelyard.domain.jobs.tables import Job
from modelyard.domain.models.tables import Version
from modelyard.domain.version_tests.request import UNFINISHED as UNFINISHED_TESTS
from modelyard.domain.version_tests.tables import VersionTest

MOST_NAMED = 10


class JobsUnfinished(Conflict):
    """Jobs still run on what is to be deleted."""

    def __init__(self, number: int, named: Sequence[str]) -> None:
        others = f"{number - len(named)} others" if named else "of people whose jobs you may not see"
        names = " and ".join([*([", ".join(named)] if named else []), *([others] if number > len(named) else [])])
        super().__init__(
            f"Unfinished jobs: {number} ({names}); wait until they are finished, or cancel them, and try again."
        )


class StillInUse(Conflict):
    """Engines, tests or imports have to end before anything can be removed."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"Nothing can be removed while {what}; delete it without hard=true first, which takes it out of service, "
            "and try again in a minute."
        )


async def require_no_jobs(session: AsyncSession, actor: Actor, version_ids: Sequence[int]) -> None:
    """Raises JobsUnfinished, which names those that the actor may see."""
    unfinished = (Job.version_id.in_(version_ids), Job.status.in_(UNFINISHED))
    number = await session.scalar(select(func.count()).select_from(Job).where(*unfinished)) or 0
    if number:
        query = select(Job.id).where(*unfinished, visible_jobs(actor)).order_by(Job.created_at, Job.id)
        raise JobsUnfinished(number, list(await session.scalars(query.limit(MOST_NAMED))))


async def require_nothing_runs(session: AsyncSession, version_ids: Sequence[int]) -> None:
    """Raises StillInUse while there are containers, or work that would look for the rows."""
    imports = select(Version.id).join(ContainerImage, ContainerImage.id == Version.image_id)
    importing = ContainerImage.state.in_([ImportState.QUEUED, ImportState.RUNNING])
    checks = {
        "its engines run": select(Engine.id).where(Engine.version_id.in_(version_ids), Engine.state.in_(LIVE)),
        "it is being tested": select(VersionTest.id).where(
            VersionTest.version_id.in_(version_ids), VersionTest.state.in_(UNFINISHED_TESTS)
        ),
        "its image is being imported": imports.where(Version.id.in_(version_ids), importing),
    }
    for what, query in checks.items():
        if await session.scalar(query.limit(1)) is not None:
            raise StillInUse(what)
