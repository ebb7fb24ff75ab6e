"""Operations on jobs: look, wait, cancel, history, results, outputs."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from modelyard.client.errors import BadInputs, JobTakesLonger
from modelyard.client.exchange import Found, Operation, Pause, Request, Walk, call, get, thing_of
from modelyard.client.inputs import read_inputs
from modelyard.client.pages import entries
from modelyard.client.paths import at
from modelyard.client.progress import Progress, items_done
from modelyard.client.results import Item, OutputFile, Results, item_of, results_of
from modelyard.client.saving import save_results
from modelyard.client.submissions import submit
from modelyard.client.things import Job, Model, Version, job_of

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 2.0
SHARE_OF_LOOKS = 4.0
"""Times that a look took, between looks."""
_GROWTH = 1.4


def get_job(job: str | Job) -> Operation[Job]:
    """A job as it is now. Raises NotFound."""
    return job_of((yield from get(at("jobs", _id(job)))))


def wait(job: str | Job, *, timeout: float | None = None, progress: Progress = None) -> Operation[Job]:
    """Waits until a job has ended. Raises JobTakesLonger after `timeout` seconds; the job goes on."""
    began, pause = time.monotonic(), FIRST_PAUSE
    with items_done(progress) as shows:
        while True:
            looked = time.monotonic()
            found = yield from get_job(job)
            shows.show(found)
            if found.has_ended:
                return found
            pause = _at_least(pause, looked)
            left = _left(began, timeout)
            if left <= 0:
                raise JobTakesLonger(found.identifier, timeout or 0)
            yield Pause(min(pause, left))
            pause = min(LONGEST_PAUSE, pause * _GROWTH)


def get_results(job: str | Job) -> Operation[Results]:
    """The items that have finished, in the order in which they were submitted where `job` is a whole job."""
    order = job.item_names if isinstance(job, Job) else ()
    return results_of(_id(job), (yield from get(at("results", _id(job)))), order)


def get_item(job: str | Job, item: str) -> Operation[Item]:
    """The result of one item. Raises NotFound, also when it has not finished."""
    thing = yield from get(at("results", _id(job), "datasource", item))
    return item_of(_id(job), item, thing)


def iterate_results(job: str | Job, *, timeout: float | None = None, progress: Progress = None) -> Walk[Item]:
    """Items one by one, each as soon as it has finished, until the job has ended. Raises JobTakesLonger."""
    began, pause, seen = time.monotonic(), FIRST_PAUSE, set[str]()
    next_fetch = began
    with items_done(progress) as shows:
        while True:
            looked = time.monotonic()
            found = yield from get_job(job)
            shows.show(found)
            pause = _at_least(pause, looked)
            if found.has_ended or (found.completed + found.failed > len(seen) and looked >= next_fetch):
                results = yield from get_results(found)
                next_fetch = time.monotonic() + SHARE_OF_LOOKS * (time.monotonic() - looked)
                for item in results.values():
                    if item.name not in seen:
                        seen.add(item.name)
                        yield Found(item)
                if found.has_ended and results.is_complete:
                    return
            if (left := _left(began, timeout)) <= 0:
                raise JobTakesLonger(found.identifier, timeout or 0)
            yield Pause(min(pause, left))
            pause = min(LONGEST_PAUSE, pause * _GROWTH)


def run(
    model: str | Model | Version,
    inputs: Any,
    *,
    version: str | None = None,
    input_name: str | None = None,
    columns: Mapping[Any, str] | None = None,
    names: Any = None,
    explain: bool = False,
    timeout: float | None = None,
    progress: Progress = None,
) -> Operation[Results]:
    """Submits a job, waits for it, and returns what became of every item. Arguments are those of `submit`.

    After `timeout` seconds the server ends the job; what has finished by then is in the results.
    """
    job = yield from submit(
        model,
        inputs,
        version=version,
        input_name=input_name,
        columns=columns,
        names=names,
        explain=explain,
        timeout=timeout,
        progress=progress,
    )
    ended = yield from wait(job, progress=progress)
    return (yield from get_results(ended))


def retry_failed(
    job: str | Job,
    inputs: Any = None,
    *,
    input_name: str | None = None,
    explain: bool | None = None,
    timeout: float | None = None,
    progress: Progress = None,
) -> Operation[Job]:
    """Submits a new job of the items that failed, or never ran; on the same version. Raises BadInputs when none did.

    Args:
        inputs: as they were submitted, by name of the item; others are left out. None for those that the server still
            has, with which nothing else can be said: it raises Conflict with the reason when it has them no more.
    """
    if inputs is None:
        if (input_name, explain, timeout) != (None, None, None):
            raise BadInputs("input_name, explain and timeout go with inputs; without these all stays as it was.")
        return job_of((yield from thing_of(Request("POST", at("jobs", _id(job), "retry")))))
    found = yield from get_job(job)
    results = yield from get_results(found)
    again = [name for name in found.item_names or results if name not in results.successes]
    if not found.has_ended:
        raise BadInputs(f"The job {found.identifier} has not ended; wait for it first.")
    if not again:
        raise BadInputs(f"No item of the job {found.identifier} failed; there is nothing to do again.")
    given = _given(inputs)
    if missing := [name for name in again if name not in given]:
        shown = ", ".join(repr(name) for name in missing[:3]) + (", …" if len(missing) > 3 else "")
        raise BadInputs(f"{len(missing)} of the {len(again)} items that failed are not among the inputs: {shown}.")
    return (
        yield from submit(
            found.model_id,
            {name: given[name] for name in again},
            version=found.version,
            input_name=input_name,
            explain=found.raw.get("explain") is True if explain is None else explain,
            timeout=timeout,
            progress=progress,
        )
    )


def cancel(job: str | Job) -> Operation[Job]:
    """Cancels a job; its finished items stay. Raises Conflict when it has ended."""
    return job_of((yield from thing_of(Request("DELETE", at("jobs", _id(job))))))


def history(
    *,
    status: str | None = None,
    model: str | None = None,
    model_id: str | None = None,
    version: str | None = None,
    user: str | None = None,
    access_key: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    sort_by: str | None = None,
    direction: str | None = None,
    most: int | None = None,
) -> Walk[Job]:
    """Jobs that you may see, the newest first unless `sort_by` says otherwise.

    Args:
        status: `ALL`, `PENDING`, `TERMINATED`, `TERMINATED_WITH_ERROR`, or a job's status.
        model: part of the model's name.
        user: part of a name or an e-mail address.
        since: submitted then or later; a time without a zone is in UTC.
        most: how many at most.
    """
    query = {
        "status": status,
        "model": model,
        "modelIdentifier": model_id,
        "modelVersion": version,
        "user": user,
        "accessKey": access_key,
        "startDate": _wire(since),
        "endDate": _wire(until),
        "sort-by": sort_by,
        "direction": direction,
    }
    return entries(at("jobs", "history"), query, job_of, most)


def read_output(file: OutputFile) -> Operation[bytes]:
    """The bytes of an output, as the model wrote it. For large ones use `download`."""
    return (yield from call(Request("GET", _output_path(file)))).content


def download(file: OutputFile, target: str | Path | BinaryIO) -> Operation[None]:
    """Writes an output to a file, piece by piece. A path must not be there already: FileExistsError."""
    if not isinstance(target, str | Path):
        yield from call(Request("GET", _output_path(file), save_to=target))
        return
    path = Path(target)
    with path.open("xb") as opened:
        try:
            yield from call(Request("GET", _output_path(file), save_to=opened))
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def save(results: Results, directory: str | Path) -> Operation[Path]:
    """Writes all outputs below a directory, and `results.jsonl` with a line for each item; returns the directory."""
    return (yield from save_results(results, Path(directory), download))


def _output_path(file: OutputFile) -> str:
    return at("results", file.job_id, "datasource", file.item, "output", file.name)


def _given(inputs: Any) -> dict[str, Any]:
    return {name: dict(values) if "" not in values else values[""] for name, values in read_inputs(inputs).items()}


def _at_least(pause: float, looked: float) -> float:
    """So that looking at a large job takes a small part of the time."""
    return min(LONGEST_PAUSE, max(pause, SHARE_OF_LOOKS * (time.monotonic() - looked)))


def _left(began: float, timeout: float | None) -> float:
    return float("inf") if timeout is None else timeout - (time.monotonic() - began)


def _wire(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat(timespec="milliseconds")


def _id(job: str | Job) -> str:
    return job.identifier if isinstance(job, Job) else job
