"""Credentials of jobs survive a change of the secret key."""

from modelyard.core.database import Database
from modelyard.core.sealing import Sealer
from modelyard.domain.inputs.sealed_source import open_source
from modelyard.domain.jobs.sealed_sources import seal_sources_again
from modelyard.domain.jobs.submit import Submission
from tests.cast import CAST, SECRET
from tests.domain.jobs.steps import read_job_row, submit, submitter
from tests.library import add_active
from tests.manual_clock import ManualClock


async def test_sources_are_sealed_again(database: Database, clock: ManualClock) -> None:
    model_id = await add_active(database, CAST.alice)
    places = {"one": {"input.txt": {"bucket": "b", "key": "k"}}}
    access = {"accessKeyID": "AKIA", "secretAccessKey": "secret", "region": "eu-central-1"}
    wanted = Submission(model_id, "0.1.0", "aws-s3", places, source=access)
    stored = await submitter(database, clock).submit(CAST.alice, wanted)
    await submit(database, clock, model_id)

    async with database.write() as session:
        assert await seal_sources_again(session, Sealer(b"new", SECRET.encode())) == 1

    sealed = (await read_job_row(database, stored.job.id)).sealed_source or ""
    assert open_source(Sealer(b"new"), "aws-s3", sealed).access
