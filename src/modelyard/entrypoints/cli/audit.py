"""`modelyard audit`: the group of commands on the audit trail."""

from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.event_words import after, before, happened, others
from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit
from modelyard.entrypoints.cli.lazy import Group
from modelyard.entrypoints.cli.named import identifier_of_user
from modelyard.entrypoints.cli.numbers import WholeNumber
from modelyard.entrypoints.cli.options import data_dir_option
from modelyard.entrypoints.cli.over_rest import over_rest
from modelyard.entrypoints.cli.paths import at
from modelyard.entrypoints.cli.shown import Column, Screen
from modelyard.entrypoints.cli.times import Time

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.remote import Remote

LISTED: list[Column] = [
    ("number", "identifier"),
    ("time", "createdAt"),
    ("actor", "actor"),
    ("what happened", happened),
    ("action", "action"),
    ("target", "target"),
    ("address", "address"),
]
SHOWN: list[Column] = [
    *LISTED,
    ("account", "account"),
    ("team", "team"),
    ("key", "accessKey"),
    ("request", "requestId"),
    ("before", before),
    ("after", after),
    ("details", others),
]
NEAR = 200
"""Events among which one is looked for: their numbers are given in nearly, not exactly, the order of their times."""
NEWEST = 1000
"""Events that are looked through for the words that actions begin with."""
USUAL_LIMIT = 50
MOST_AT_ONCE = 1000


@click.group(cls=Group)
def audit() -> None:
    """Who did what, and whether the record of it is whole."""


@audit.command()
@data_dir_option
def verify(data_dir: str | None) -> None:
    """Find the first row of the trail that was removed, altered or inserted.

    Reads the database in the data directory of this machine, also while the server runs. Ends with 1 when something
    is wrong with the trail.
    """
    from modelyard.entrypoints.cli.verify import run_verification

    run_verification({"data_dir": data_dir})


def _filters(command: click.decorators.FC) -> click.decorators.FC:
    """The options that list and export share."""
    for add in (
        click.option("--request", "request_id", help="Those of one request, by the header X-Request-Id."),
        click.option("--account", help="Those of an account, by identifier."),
        click.option("--until", type=Time(), metavar="TIME", help="Not after, such as 2026-01-31T12:00Z."),
        click.option("--since", type=Time(), metavar="TIME", help="Not before."),
        click.option("--target", help="What was acted on, such as user/ID, or the beginning of it."),
        click.option("--action", help="What was done, such as user:invited, or the beginning of it."),
        click.option("--user", help="Those of a user, by identifier or e-mail address."),
        click.option("--actor", help="Those of an e-mail address."),
    ):
        command = add(command)
    return command


@audit.command("list")
@_filters
@click.option("--limit", type=WholeNumber(1), metavar="N", help=f"At most so many events.  [default: {USUAL_LIMIT}]")
@click.option("--all", "everything", is_flag=True, help="All events.")
@click.option("-f", "--follow", is_flag=True, help="Go on to show new ones until Ctrl-C, one a line.")
@over_rest
def list_events(
    server: "Remote", screen: Screen, limit: int | None, everything: bool, follow: bool, **filters: str | None
) -> None:
    """List events, the newest first; with --follow the newest last."""
    if follow:
        from modelyard.entrypoints.cli.follow import follow_events

        follow_events(server, screen, _query(server, filters), LISTED, limit or USUAL_LIMIT)
        return
    most = limit or (None if everything else USUAL_LIMIT)
    pages = server.pages(
        at("api", "audit"), _query(server, filters) | {"per-page": min(MOST_AT_ONCE, most or MOST_AT_ONCE)}
    )
    found = screen.rows(pages, LISTED, most)
    if not found and filters["action"] and screen.form == "table":
        _tell_actions(server, screen, filters["action"])


@audit.command("show")
@click.argument("number", type=WholeNumber(1))
@over_rest
def show_event(server: "Remote", screen: Screen, number: int) -> None:
    """Show the event with this NUMBER: what happened, what was before and what after."""
    path = at("api", "audit")
    for query in ({"per-page": 1}, {"before": number + 1, "per-page": NEAR}):  # the newest, or near the one behind it
        for event in next(server.pages(path, query)):
            if event.get("identifier") == number:
                screen.thing(event, SHOWN)
                return
    raise CommandFailed(f"There is no event {number} that you may see.", Exit.NOT_FOUND)


@audit.command("export")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option(
    "--format", "kind", type=click.Choice(["csv", "jsonl"]), default="jsonl", help="Kind of file.  [default: jsonl]"
)
@click.option("--overwrite", is_flag=True, help="Replace the file when it is there.")
@_filters
@over_rest
def export_events(
    server: "Remote", screen: Screen, file: str, kind: str, overwrite: bool, **filters: str | None
) -> None:
    """Write all events to FILE, which only you can read; `-` is standard output. The export is an event itself."""
    from modelyard.entrypoints.cli.download import download_to

    query = _query(server, filters) | {"format": kind}
    download_to(server, screen, at("api", "audit", "export"), query, file, overwrite=overwrite)


def _tell_actions(server: "Remote", screen: Screen, begun: str) -> None:
    """What the actions begin with that happened lately."""
    newest = next(server.pages(at("api", "audit"), {"per-page": NEWEST}))
    known = sorted({str(event.get("action", "")).partition(":")[0] for event in newest} - {""})
    if known:
        screen.note(f"No action begins with {begun!r}; those of late begin with {', '.join(known)}.")


def _query(server: "Remote", filters: dict[str, str | None]) -> dict[str, object]:
    if user := filters["user"]:
        filters = filters | {"user": identifier_of_user(server, user)}
    names = {"since": "startDate", "until": "endDate", "request_id": "requestId"}
    return {names.get(name, name): value for name, value in filters.items()}
