"""`modelyard jobs`: what was submitted, and what became of it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelyard.core.counted import counted
from modelyard.entrypoints.cli.job_inputs import Given, input_options
from modelyard.entrypoints.cli.lazy import Group
from modelyard.entrypoints.cli.listing import Paging, listing_options, show_list
from modelyard.entrypoints.cli.not_offered import offered
from modelyard.entrypoints.cli.numbers import Seconds
from modelyard.entrypoints.cli.over_rest import confirm, over_rest, over_rest_alone, yes_option
from modelyard.entrypoints.cli.paths import at
from modelyard.entrypoints.cli.shown import Column, Screen
from modelyard.entrypoints.cli.times import Time

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.remote import Remote

STATUSES = ("all", "pending", "terminated", "terminated_with_error", "open", "submitted", "in_progress")
ENDS = ("completed", "canceled", "timedout")
LISTED: list[Column] = [
    ("identifier", "jobIdentifier"),
    ("model", "model.name"),
    ("version", "model.version"),
    ("status", "status"),
    ("items", "total"),
    ("good", "completed"),
    ("failed", "failed"),
    ("submitted", "submittedAt"),
    ("by", "user.email"),
]
SHOWN: list[Column] = [
    *LISTED,
    ("ended", "finishedAt"),
    ("pending", "pending"),
    ("waits for", "waitingFor"),
    ("key", "submittedBy"),
    ("project", "project.name"),
    ("queued for ms", "queueTime"),
    ("took ms", "elapsedTime"),
    ("bytes of inputs", "inputByteAmount"),
    ("inputs are kept for hours", "hoursDeleteInput"),
    ("callback", "callback.state"),
]
_DIRECTORY = click.Path(file_okay=False, path_type=Path)


@click.group(cls=Group)
def jobs() -> None:
    """Jobs, and what became of their items. `modelyard run` submits one."""


@jobs.command("list")
@click.option("--status", type=click.Choice([*STATUSES, *ENDS], case_sensitive=False), help="What they are.")
@click.option("--model", help="Part of the model's name.")
@click.option("--user", help="Part of the name or e-mail address of who submitted them.")
@click.option("--key", "access_key", metavar="PREFIX", help="The key that they were submitted with.")
@click.option("--since", type=Time(), metavar="TIME", help="Submitted not before, such as 2026-01-31T12:00Z.")
@click.option("--until", type=Time(), metavar="TIME", help="Not after; needs --since.")
@click.option("--sort-by", help="What to sort by, such as total or status; the newest come first unless given.")
@over_rest
@listing_options
def list_jobs(
    server: "Remote",
    screen: Screen,
    paging: Paging,
    status: str | None,
    model: str | None,
    user: str | None,
    access_key: str | None,
    since: str | None,
    until: str | None,
    sort_by: str | None,
) -> None:
    """List jobs that you may see, the newest first.

    \b
    modelyard jobs list --status pending
    modelyard jobs list --model sentiment --since 2026-01-31 --limit 20
    """
    query = {"status": status, "model": model, "user": user, "accessKey": access_key, "sort-by": sort_by}
    times = {"startDate": since, "endDate": until}
    show_list(server, screen, at("api", "jobs", "history"), LISTED, paging, query | times)


@jobs.command("show")
@click.argument("job")
@over_rest
def show_job(server: "Remote", screen: Screen, job: str) -> None:
    """Show a JOB as it is now."""
    screen.thing(server.get(at("api", "jobs", job)), SHOWN)


@jobs.command("watch")
@click.argument("job")
@click.option("--output", type=_DIRECTORY, metavar="DIR", help="Write outputs there.")
@click.option("--json", "json_lines", is_flag=True, help="Print a line of JSON for each item, as it finishes.")
@over_rest_alone
def watch_job(server: "Remote", screen: Screen, job: str, output: Path | None, json_lines: bool) -> None:
    """Wait until a JOB has ended, and show its items. Ends with 0 only when every item succeeded."""
    from modelyard.entrypoints.cli.client_calls import client_of
    from modelyard.entrypoints.cli.run import watch

    with client_of(server) as client:
        watch(client, screen, job, directory=output, as_json=json_lines)


@jobs.command("cancel")
@click.argument("job_ids", metavar="JOB…", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All jobs that you may cancel.")
@yes_option
@over_rest
def cancel_jobs(server: "Remote", screen: Screen, job_ids: tuple[str, ...], everything: bool, yes: bool) -> None:
    """Cancel each JOB; items that have finished keep their results.

    \b
    modelyard jobs cancel 3f1c0b52-7a1e-4d53-9a51-0f7f6c1f2b11
    modelyard jobs cancel --all --yes
    """
    if bool(job_ids) == everything:
        raise click.UsageError("Name the jobs, or give --all.")
    if everything:
        confirm("Cancel all jobs that you may cancel?", yes)
        with offered("cancelling all jobs at once"):
            answer = server.call("DELETE", at("api", "jobs")).content
        canceled = answer if isinstance(answer, list) else (answer or {}).get("jobs", [])
    else:
        canceled = [server.delete(at("api", "jobs", job)) for job in job_ids]
    screen.rows([canceled], LISTED)


@jobs.command("results")
@click.argument("job")
@click.option("--output", type=_DIRECTORY, metavar="DIR", help="Write outputs there, a directory for each item.")
@click.option("--json", "json_lines", is_flag=True, help="Print a line of JSON for each item.")
@click.option("--csv", "table", type=click.Path(allow_dash=True), metavar="FILE", help="Write a table; - for stdout.")
@click.option("--zip", "archive", type=click.Path(allow_dash=True), metavar="FILE", help="Write all outputs as a zip.")
@click.option("--overwrite", is_flag=True, help="Replace FILE when it is there.")
@over_rest_alone
def show_job_results(
    server: "Remote",
    screen: Screen,
    job: str,
    output: Path | None,
    json_lines: bool,
    table: str | None,
    archive: str | None,
    overwrite: bool,
) -> None:
    """Show the items of a JOB that have finished.

    \b
    modelyard jobs results 3f1c0b52-7a1e-4d53-9a51-0f7f6c1f2b11 --output answers
    modelyard jobs results 3f1c0b52-7a1e-4d53-9a51-0f7f6c1f2b11 --json | jq .outputs
    """
    from modelyard.entrypoints.cli.client_calls import client_of
    from modelyard.entrypoints.cli.job_outcome import sentence, show_results

    if (output is not None) + json_lines + bool(table) + bool(archive) > 1:
        raise click.UsageError("Give one of --output, --json, --csv and --zip.")
    if table or archive:
        _download(server, screen, job, "results.csv" if table else "outputs.zip", table or archive or "", overwrite)
        return
    with client_of(server) as client:
        found = client.jobs.get(job)
        show_results(client, screen, found, directory=output, as_json=json_lines)
        screen.note(sentence(found))


@jobs.command("retry-failed")
@click.argument("job")
@input_options
@click.option(
    "--timeout", "job_seconds", type=Seconds(), metavar="SECONDS", help="Let the server end the new job after so long."
)
@click.option("--detach", is_flag=True, help="Do not wait; print the new job's identifier.")
@click.option("--output", type=_DIRECTORY, metavar="DIR", help="Write outputs there.")
@click.option("--json", "json_lines", is_flag=True, help="Print a line of JSON for each item, as it finishes.")
@over_rest_alone
def retry_failed(
    server: "Remote",
    screen: Screen,
    job: str,
    job_seconds: float | None,
    detach: bool,
    output: Path | None,
    json_lines: bool,
    **given: object,
) -> None:
    """Submit a new job of those items of JOB that failed, or never ran, on the same version of the model.

    With nothing else it takes the inputs that the server still has. Once they are deleted, or where they came from
    elsewhere, give the same FILES or options again as to `modelyard run`; what succeeded is left out.

    \b
    modelyard jobs retry-failed 3f1c0b52-7a1e-4d53-9a51-0f7f6c1f2b11
    modelyard jobs retry-failed 3f1c0b52-7a1e-4d53-9a51-0f7f6c1f2b11 *.png
    """
    from modelyard.entrypoints.cli.client_calls import client_of
    from modelyard.entrypoints.cli.job_items import read_items
    from modelyard.entrypoints.cli.run import watch

    wanted = Given(**given)  # type: ignore[arg-type]  # the options of `input_options`
    if wanted.is_nothing and job_seconds is not None:
        raise click.UsageError("--timeout goes with inputs: without these the new job is as the old one was.")
    with client_of(server) as client:
        before = client.jobs.get(job)
        items = None
        if not wanted.is_nothing:
            version = client.models.version(before.model_id, before.version)
            items = read_items(wanted, [one.name for one in version.inputs])
        again = client.jobs.retry_failed(before, items, timeout=job_seconds)
        screen.note(f"The job {again.identifier} does {counted(again.total, 'item')} again.")
        if detach:
            screen.line(again.identifier)
        else:
            watch(client, screen, again.identifier, directory=output, as_json=json_lines)


def _download(server: "Remote", screen: Screen, job: str, what: str, file: str, overwrite: bool) -> None:
    from modelyard.entrypoints.cli.download import download_to

    with offered(f"{what} of a job"):
        download_to(server, screen, at("api", "results", job, what), {}, file, overwrite=overwrite)
