"""`modelyard run`: a job from the shell, from its inputs to its outputs."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit
from modelyard.entrypoints.cli.job_inputs import Given, input_options
from modelyard.entrypoints.cli.numbers import Seconds
from modelyard.entrypoints.cli.over_rest import over_rest_alone
from modelyard.entrypoints.cli.shown import Screen
from modelyard.entrypoints.cli.surroundings import S3Account, find_surroundings

if TYPE_CHECKING:
    from modelyard.client.blocking import Client
    from modelyard.client.things import Job, Version
    from modelyard.entrypoints.cli.remote import Remote


@click.command()
@click.argument("model")
@input_options
@click.option("--s3", "objects", metavar="URL", multiple=True, help="Objects or folders, such as s3://bucket/key.")
@click.option("--s3-region", metavar="NAME", help="Region of --s3.  [env: AWS_REGION]")
@click.option("--s3-endpoint", metavar="URL", help="Another store that speaks S3.  [env: AWS_ENDPOINT_URL]")
@click.option("--explain", is_flag=True, help="Let the model say why, where it can.")
@click.option(
    "--timeout", "job_seconds", type=Seconds(), metavar="SECONDS", help="Let the server end the job after so long."
)
@click.option("--detach", is_flag=True, help="Do not wait; print the job's identifier.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Write outputs there.")
@click.option("--json", "json_lines", is_flag=True, help="Print a line of JSON for each item, as it finishes.")
@over_rest_alone
def run(
    server: "Remote",
    screen: Screen,
    model: str,
    objects: tuple[str, ...],
    s3_region: str | None,
    s3_endpoint: str | None,
    explain: bool,
    job_seconds: float | None,
    detach: bool,
    output: Path | None,
    json_lines: bool,
    **given: object,
) -> None:
    """Run MODEL, by identifier or name, on FILES or what the options say; MODEL@1.0.0 names a version.

    Items are named after files, ids of lines and rows, or numbered. Ends with 0 only when every item succeeded.

    \b
    modelyard run Sentiment --text "What a good day."
    modelyard run Digits *.png --output answers
    modelyard run Sentiment@1.2.0 --csv reviews.csv --id review --column input.txt=text --json
    modelyard run Sentiment --s3 s3://letters/2026/ --detach
    """
    from modelyard.entrypoints.cli.client_calls import client_of

    wanted = Given(objects=objects, **given)  # type: ignore[arg-type]  # the options of `input_options`
    if wanted.is_nothing:
        raise click.UsageError("Give FILES, --text, --jsonl, --csv or --s3.")
    if objects and not Given(**given).is_nothing:  # type: ignore[arg-type]
        raise click.UsageError("A job has objects of S3 or other inputs, not both.")
    with client_of(server) as client:
        version = client.models.version(model)
        if objects:
            account = _account(find_surroundings().s3, s3_region, s3_endpoint)
            job = submit_objects(client, version, wanted, account, explain=explain, timeout=job_seconds)
        else:
            job = _submit(client, version, wanted, explain=explain, timeout=job_seconds)
        if detach:
            screen.line(job.identifier)
        else:
            watch(client, screen, job.identifier, directory=output, as_json=json_lines)


def watch(client: "Client", screen: Screen, job_id: str, *, directory: Path | None, as_json: bool) -> None:
    """Waits for a job and shows what comes out of it. Raises CommandFailed unless every item succeeds."""
    from modelyard.entrypoints.cli.job_outcome import require_good, show_line, show_results

    try:
        job = client.jobs.get(job_id)
        if as_json and directory is None:
            for item in client.jobs.iterate(job):
                show_line(screen, item)
            job = client.jobs.get(job)
        else:
            job = client.jobs.wait(job)
            show_results(client, screen, job, directory=directory, as_json=as_json)
        require_good(screen, job)
    except KeyboardInterrupt:
        hint = f"`modelyard jobs watch {job_id}` waits for it, `modelyard jobs cancel {job_id}` ends it."
        raise CommandFailed(f"The job {job_id} goes on. {hint}", Exit.FAILED) from None


def submit_objects(
    client: "Client",
    version: "Version",
    given: Given,
    account: S3Account,
    *,
    explain: bool,
    timeout: float | None,
) -> "Job":
    """Submits objects of S3, named by their keys."""
    from modelyard.client.inputs import unique_names
    from modelyard.client.model_calls import only_input

    if bool(account.access_key_id) != bool(account.secret_access_key):
        message = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together; without both, objects have to be public."
        raise CommandFailed(message, Exit.USAGE)
    names = unique_names([url.rstrip("/").rpartition("/")[2] for url in given.objects])
    return client.jobs.submit_s3(
        version,
        dict(zip(names, given.objects, strict=True)),
        access_key_id=account.access_key_id,
        secret_access_key=account.secret_access_key,
        session_token=account.session_token,
        region=account.region or None,
        endpoint=account.endpoint or None,
        input_name=only_input(version),
        explain=explain,
        timeout=timeout,
    )


def _submit(client: "Client", version: "Version", given: Given, *, explain: bool, timeout: float | None) -> "Job":
    from modelyard.entrypoints.cli.job_items import read_items

    items = read_items(given, [one.name for one in version.inputs])
    try:
        return client.jobs.submit(version, items, explain=explain, timeout=timeout)
    except KeyboardInterrupt:
        hint = "It may have been submitted before: `modelyard jobs list` shows it."
        raise CommandFailed(f"Interrupted while the job was sent. {hint}", Exit.FAILED) from None


def _account(around: S3Account, region: str | None, endpoint: str | None) -> S3Account:
    return replace(around, region=region or around.region, endpoint=endpoint or around.endpoint)
