"""Tells the audit trail how a test ended."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import PlatformError
from modelyard.domain.audit.changes import shortened
from modelyard.domain.audit.record import PLATFORM, Outsider, record
from modelyard.domain.models.tables import Model, Version
from modelyard.domain.version_tests.tables import VersionTest


async def record_outcome(session: AsyncSession, clock: Clock, test_id: int, error: PlatformError | None) -> None:
    """One event for the version that was tested; without an error the test has passed."""
    query = (
        select(VersionTest.kind, Version.model_id, Version.version, Model.account_id)
        .join(Version, Version.id == VersionTest.version_id)
        .join(Model, Model.id == Version.model_id)
        .where(VersionTest.id == test_id)
    )
    for kind, model_id, version, account_id in await session.execute(query):
        platform = Outsider(PLATFORM.label, account_id=account_id)
        target = f"model/{model_id}/{version}"
        if error is None:
            after = {f"{kind}_passed": True}
            record(session, clock, platform, f"model:version:{kind}-test-passed", target, test=test_id, after=after)
        else:
            reason = shortened(error.message)
            record(session, clock, platform, f"model:version:{kind}-test-failed", target, test=test_id, error=reason)
