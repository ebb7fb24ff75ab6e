"""Writes down that a test has failed for good, and what its report can say all the same."""

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.domain.version_tests.container_facts import image_of
from modelyard.domain.version_tests.progress import TestProgress
from modelyard.domain.version_tests.report import Measurements
from modelyard.domain.version_tests.report_rows import end_measuring, put_report
from modelyard.domain.version_tests.rows import load_test_rows
from modelyard.domain.version_tests.tables import TestReport

NOTHING_RAN = "Nothing was measured, because the test failed before the model was ready."


async def record_failure(database: Database, clock: Clock, test_id: int, error: PlatformError) -> None:
    """The test has failed, unless it had passed already: then only its measurement ends here."""
    loaded = await load_test_rows(database, test_id)
    if loaded is None:
        async with database.write() as session:
            await end_measuring(session, clock, test_id, error.message)
        return
    async with database.write() as session:
        kept = await session.get(TestReport, loaded.version.id)
        if kept is None or kept.test_id != test_id:
            found = Measurements(image=image_of(loaded.version), notes=(NOTHING_RAN,))
            await put_report(session, clock, loaded.test, loaded.version, found)
    await TestProgress(database, clock, test_id).failed(error)
