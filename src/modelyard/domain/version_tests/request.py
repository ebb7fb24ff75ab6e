"""Asks for tests, and reads how they stand."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import Conflict, NotFound
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.audit.record import record
from modelyard.domain.images.tables import ImportState
from modelyard.domain.models.catalog import find_version, find_version_to_deploy
from modelyard.domain.models.requirements import EDGE_ID
from modelyard.domain.models.tables import Version
from modelyard.domain.version_tests.steps import WAITING
from modelyard.domain.version_tests.tables import TestKind, TestState, VersionTest
from modelyard.domain.work import queue

LOAD = "version-tests:load"
RUN = "version-tests:run"
UNFINISHED = (TestState.QUEUED, TestState.RUNNING)


class ImageMissing(Conflict):
    """There is no image to test."""

    def __init__(self, reason: str | None) -> None:
        text = f"the import of its image failed: {reason.rstrip('.')}" if reason else "it has no container image"
        super().__init__(f"The version cannot be tested, because {text}; add the image with POST container-image.")


class NotDescribed(Conflict):
    """Something that the test needs has not been written down."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__("The test needs " + ", ".join(missing) + "; set them on the version first.")


class TestFileMissing(Conflict):
    """An input has no test file."""

    __test__ = False

    def __init__(self, names: list[str]) -> None:
        super().__init__(
            f"The run test needs a test file for {', '.join(names)}; upload it with POST testInput?name=…."
        )


class NotLoaded(Conflict):
    """The load test has not passed."""

    def __init__(self, reason: str | None) -> None:
        because = f" It failed: {reason}" if reason else ""
        super().__init__(f"The run test needs a load test that has passed; start it with POST load-process.{because}")


class TestNotFound(NotFound):
    """No such test was started."""

    __test__ = False

    def __init__(self, kind: TestKind) -> None:
        super().__init__(f"No {kind} test of this version was started yet; start it with POST {kind}-process.")


async def request_load_test(
    session: AsyncSession, clock: Clock, actor: Actor, model_id: str, version: str
) -> VersionTest:
    """Starts a load test; while the image is still being imported, the test waits for it.

    Raises ImageMissing, NotDescribed.
    """
    row = await find_version_to_deploy(session, actor, model_id, version)
    if row.image is None or row.image.state == ImportState.FAILED:
        raise ImageMissing(row.image.error if row.image else None)
    _require_description(row, {"a requirement": row.requirement_id, "both timeouts": row.status_timeout_ms})
    record(session, clock, actor, "model:version:load-test-requested", f"model/{model_id}/{version}")
    return await _request(session, clock, row, TestKind.LOAD, explain=False)


async def request_run_test(
    session: AsyncSession, clock: Clock, actor: Actor, model_id: str, version: str, *, explain: bool
) -> VersionTest:
    """Starts a run test; while the load test is still running, it waits for that.

    Raises ImageMissing, NotDescribed, TestFileMissing, NotLoaded.
    """
    row = await find_version_to_deploy(session, actor, model_id, version)
    needed = {"inputs": row.inputs, "outputs": row.outputs, "both timeouts": row.run_timeout_ms}
    _require_description(row, needed)
    given = {file.name for file in row.test_inputs}
    if without := [entry["name"] for entry in row.inputs or [] if entry["name"] not in given]:
        raise TestFileMissing(without)
    load = await newest_test(session, row.id, TestKind.LOAD)
    if not row.load_passed and (load is None or load.state not in UNFINISHED):
        raise NotLoaded(load.error if load else None)
    record(session, clock, actor, "model:version:run-test-requested", f"model/{model_id}/{version}")
    return await _request(session, clock, row, TestKind.RUN, explain=explain)


async def read_test(session: AsyncSession, actor: Actor, model_id: str, version: str, kind: TestKind) -> VersionTest:
    """The newest test of a kind. Raises TestNotFound."""
    row = await find_version(session, actor, model_id, version)
    test = await newest_test(session, row.id, kind)
    if test is None:
        raise TestNotFound(kind)
    return test


async def newest_test(session: AsyncSession, version_id: int, kind: TestKind) -> VersionTest | None:
    """The newest test of a kind, if any."""
    query = select(VersionTest).where(VersionTest.version_id == version_id, VersionTest.kind == kind)
    return (await session.scalars(query.order_by(VersionTest.id.desc()).limit(1))).one_or_none()


def _require_description(row: Version, needed: Mapping[str, object]) -> None:
    if row.requirement_id == EDGE_ID:
        needed = {"a requirement": row.requirement_id}
    if missing := [name for name, value in needed.items() if not value]:
        raise NotDescribed(missing)


async def _request(session: AsyncSession, clock: Clock, row: Version, kind: TestKind, *, explain: bool) -> VersionTest:
    """Adds a test, unless one of the same kind is under way: then that one is the answer."""
    newest = await newest_test(session, row.id, kind)
    if newest is not None and newest.state in UNFINISHED:
        return newest
    test = VersionTest(
        version_id=row.id,
        kind=kind,
        state=TestState.QUEUED,
        step=WAITING.number,
        step_name=WAITING.name,
        percentage=WAITING.percentage,
        explain=explain,
        input_size=sum(file.size for file in row.test_inputs) if kind == TestKind.RUN else 0,
        created_at=clock.now(),
    )
    session.add(test)
    await session.flush()
    queue.enqueue(session, clock, LOAD if kind == TestKind.LOAD else RUN, {"test": test.id})
    return test
