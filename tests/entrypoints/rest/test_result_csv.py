"""The table of results comes in pieces that fit into memory."""

import json

from modelyard.app import Platform
from modelyard.domain.jobs.result_reader import BYTES_AT_ONCE
from modelyard.domain.jobs.results import read_results
from modelyard.entrypoints.rest.result_csv import csv_lines
from tests.cast import CAST
from tests.entrypoints.rest.result_steps import finished_job
from tests.entrypoints.rest.steps import Walk


async def test_outputs_in_the_storage_come_a_few_at_a_time(platform: Platform, walk: Walk) -> None:
    text = "x" * 400_000
    outputs = {"results.json": ("application/json", json.dumps({"text": text}).encode())}
    job_id = await finished_job(platform, await walk.active(), {str(number): outputs for number in range(8)})
    async with platform.database.read() as session:
        results = await read_results(session, CAST.alice, job_id)

    pieces = [piece async for piece in csv_lines(platform.results, results, "https://us.example")]
    assert max(map(len, pieces)) < BYTES_AT_ONCE + 2 * len(text)
    names, *rows = [line.split(",") for line in b"".join(pieces).decode().splitlines()]
    assert names[-1] == "text"
    assert [(row[0], row[-1] == text) for row in rows] == [(str(number), True) for number in range(8)]
