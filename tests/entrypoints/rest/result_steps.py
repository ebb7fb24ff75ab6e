"""Jobs with results for tests of the API, written as an engine would leave them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from modelyard.app import Platform
from modelyard.domain.jobs.blobs import OUTPUTS
from modelyard.domain.jobs.claims import FinishedItem, claim_items, finish_items
from modelyard.domain.jobs.status import ErrorSide
from modelyard.domain.jobs.submit import Submission
from tests.cast import CAST
from tests.library import read_version_row
from tests.manual_clock import ManualClock

Outputs = Mapping[str, tuple[str, bytes]]
"""The media type and the bytes of each output."""


async def finished_job(
    platform: Platform, model_id: str, items: Mapping[str, Outputs | str], *, unfinished: int = 0
) -> str:
    """A job with these items: outputs for one that succeeded, an error for one that failed; and some that wait."""
    clock = ManualClock(datetime.now(UTC))
    names = [*items, *(f"waits {number}" for number in range(unfinished))]
    sources = {name: {"input.txt": "text"} for name in names}
    receipt = await platform.submitter.submit(CAST.alice, Submission(model_id, "0.1.0", "text", sources))
    if not items:
        return receipt.job.id
    version = await read_version_row(platform.database, model_id)
    async with platform.database.write(beside_others=True) as session:
        claim = await claim_items(session, clock, version_id=version.id, engine="engine", owner="test", most=len(items))
    assert claim is not None
    outcomes = [
        FinishedItem(item, error=outcome, error_side=ErrorSide.MODEL)
        if isinstance(outcome, str)
        else FinishedItem(item, await _kept(platform, receipt.job.id, outcome))
        for item, outcome in zip(claim.items, items.values(), strict=True)
    ]
    async with platform.database.write(beside_others=True) as session:
        await finish_items(session, clock, claim, outcomes)
    return receipt.job.id


async def _kept(platform: Platform, job_id: str, outputs: Outputs) -> list[dict[str, Any]]:
    rows = []
    for name, (media_type, content) in outputs.items():
        data, key = await platform.blobs.keep(OUTPUTS, job_id, content)
        rows.append({"name": name, "media_type": media_type, "size": len(content), "data": data, "storage_key": key})
    return rows
