"""Sample input and output of a version: JSON documents that the model page shows."""

import json
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import NotFound, TooLarge
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.audit.record import record
from modelyard.domain.models.catalog import find_version, find_version_to_change
from modelyard.domain.models.tables import Version

LARGEST_SAMPLE = 1_000_000
"""Bytes of JSON text."""


class SampleMissing(NotFound):
    """The version has no such sample."""

    def __init__(self, kind: str, version: str) -> None:
        super().__init__(f"The version {version} has no sample {kind} yet; add one with PUT sample-{kind}.")


async def read_sample(session: AsyncSession, actor: Actor, model_id: str, version: str, kind: str) -> Any:
    """The sample; kind is `input` or `output`. Where none is stored, one is made of what the version declares.

    Raises SampleMissing when it declares nothing yet.
    """
    row = await find_version(session, actor, model_id, version)
    stored = row.sample_input if kind == "input" else row.sample_output
    if stored is not None:
        return stored
    if kind == "input" and row.inputs:
        return example_submission(row)
    if kind == "output" and row.outputs:
        return example_results(row)
    raise SampleMissing(kind, version)


async def write_sample(
    session: AsyncSession, clock: Clock, actor: Actor, model_id: str, version: str, kind: str, sample: Any
) -> Any:
    """Stores a sample as it is. Raises TooLarge."""
    if (size := size_of(sample)) > LARGEST_SAMPLE:
        raise TooLarge(f"A sample may have {LARGEST_SAMPLE} bytes of JSON; this one has {size}.")
    row = await find_version_to_change(session, actor, model_id, version)
    before = row.sample_input if kind == "input" else row.sample_output
    if kind == "input":
        row.sample_input = sample
    else:
        row.sample_output = sample
    row.updated_at = clock.now()
    # Sizes, not contents: samples are written by hand, and somebody will leave a password in one.
    values = {"before": {"size": size_of(before)}, "after": {"size": size}}
    record(session, clock, actor, f"model:version:sample-{kind}-set", f"model/{model_id}/{version}", **values)
    return sample


def readdressed(sample: Any, member: str, before: str, now: str) -> Any:
    """A sample whose `model` names something new, so that it can be posted; one that never named the old stays."""
    if not isinstance(sample, dict) or not isinstance(sample.get("model"), dict):
        return sample
    if sample["model"].get(member) != before:
        return sample
    return {**sample, "model": {**sample["model"], member: now}}


def size_of(sample: Any) -> int:
    """Bytes of its JSON text."""
    return 0 if sample is None else len(json.dumps(sample))


def example_submission(row: Version) -> dict[str, Any]:
    """A body that can be posted to /api/jobs as it stands, once the texts in it are replaced."""
    values = {entry["name"]: f"<text for {entry['name']}>" for entry in row.inputs or []}
    return {
        "model": {"identifier": row.model_id, "version": row.version},
        "input": {"type": "text", "sources": {"0001": values}},
    }


def example_results(row: Version) -> dict[str, Any]:
    """What /api/results answers for a job of one item, with a placeholder for each declared output."""
    outputs = {entry["name"]: f"<contents of {entry['name']}>" for entry in row.outputs or []}
    return {
        "jobIdentifier": "<job identifier>",
        "total": 1,
        "completed": 1,
        "failed": 0,
        "finished": True,
        "submittedByKey": "<prefix of the key>",
        "results": {"0001": {"status": "SUCCESSFUL", **outputs}},
    }
