"""What came out of a job, as commands show it: a table, lines of JSON, or files; and what the shell is told."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from modelyard.client.blocking import Client
from modelyard.client.results import Item, OutputFile
from modelyard.client.saving import LIST, line_of
from modelyard.client.things import Job
from modelyard.core.counted import counted
from modelyard.entrypoints.answer_words import answer_in_words
from modelyard.entrypoints.cli.clean_text import writable
from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit
from modelyard.entrypoints.cli.shown import Column, Screen

SHOWN: list[Column] = [
    ("item", "item"),
    ("status", "status"),
    ("answer", "answer"),
    ("ms", "ms"),
    ("side", "side"),
]


def show_results(client: Client, screen: Screen, job: Job, *, directory: Path | None, as_json: bool) -> None:
    """Shows the items that have finished."""
    results = client.jobs.results(job)
    if directory is not None:
        client.jobs.save(results, directory)
        screen.note(f"Outputs and {LIST} are in {directory}.")
        show_items(screen, results.failures.values()) if results.failures else None
    elif as_json:
        for item in results.values():
            show_line(screen, item)
    else:
        show_items(screen, results.values())


def show_items(screen: Screen, items: Iterable[Item]) -> None:
    """A table of items."""
    screen.rows([[_row(item) for item in items]], SHOWN)


def show_line(screen: Screen, item: Item) -> None:
    """An item as a line of JSON; what a terminal would obey is escaped in it."""
    screen.line(writable(json.dumps(line_of(item))))


def require_good(screen: Screen, job: Job) -> None:
    """Ends well when a job did. Raises CommandFailed unless every item succeeded."""
    if not job.is_good:
        raise CommandFailed(sentence(job), Exit.FAILED)
    screen.note(sentence(job))


def sentence(job: Job) -> str:
    """How a job is, and what to do about it."""
    if job.is_good:
        which = "The item" if job.total == 1 else f"All {counted(job.total, 'item')}"
        return f"{which} of the job {job.identifier} succeeded."
    status = "" if job.status == "COMPLETED" else f"The job {job.identifier} is {job.status}. "
    if not job.has_ended:
        return f"{status}It has not ended; `modelyard jobs watch {job.identifier}` waits for it."
    hint = f"`modelyard jobs retry-failed {job.identifier}` and the inputs do what failed again."
    lacking = job.total - job.completed  # also those that never ran
    return f"{status}{lacking} of {counted(job.total, 'item')} failed. {hint}"


def _row(item: Item) -> dict[str, Any]:
    return {
        "item": item.name,
        "status": "SUCCESSFUL" if item.is_successful else "FAILED",
        "answer": item.error or "; ".join(map(_short, item.outputs.values())),
        "ms": item.latency_ms,
        "side": item.error_side,
    }


def _short(output: Any) -> str:
    """An output in few words; of a file how to get it."""
    return f"({output.name}: --output DIR writes it)" if isinstance(output, OutputFile) else answer_in_words(output)
