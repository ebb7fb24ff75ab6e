"""`modelyard keys`: API keys, their limits and roles, and their bodies, which are shown once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.bodies import given, listed, some
from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit, hinted
from modelyard.entrypoints.cli.lazy import Group
from modelyard.entrypoints.cli.listing import Paging, listing_options, show_list
from modelyard.entrypoints.cli.named import identifier_of_user, project_of, team_of
from modelyard.entrypoints.cli.over_rest import confirm, over_rest, yes_option
from modelyard.entrypoints.cli.paths import accounting
from modelyard.entrypoints.cli.shown import Column, Screen
from modelyard.entrypoints.cli.times import Time, is_past

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.answers import Thing
    from modelyard.entrypoints.cli.remote import Remote

LISTED: list[Column] = [
    ("prefix", "prefix"),
    ("user", "user.email"),
    ("team", "team.name"),
    ("project", "project.name"),
    ("status", "status"),
    ("roles", "roles"),
    ("last used", "lastActiveDateTime"),
    ("name", "name"),
]
SHOWN: list[Column] = [
    *LISTED,
    ("description", "description"),
    ("labels", "labels"),
    ("type", "keyType"),
    ("account", "account.name"),
    ("high priority", "isHighPriority"),
    ("body fetched", "retrieved"),
    ("jobs", "submittedJobs"),
    ("created", "createdAt"),
    ("expires", "expiresAt"),
    ("scopes", "scopes"),
    ("networks", "networks"),
]
BODY: list[Column] = [("prefix", "prefix"), ("key", "key")]
STATUSES = click.Choice(["Active", "Inactive", "Pending", "Rejected", "Deleted"], case_sensitive=False)


@click.group(cls=Group)
def keys() -> None:
    """API keys. A key is named by its prefix, the part before the dot, which is no secret."""


@keys.command("list")
@click.option("--user", help="Those of a user, given by identifier or e-mail address.")
@click.option("--team", help="Those for a team, given by identifier or name.")
@click.option("--project", help="Those of a project, given by identifier or name.")
@click.option("--status", type=STATUSES, multiple=True, help="Only these.  [default: all but Deleted]")
@click.option("--search", help="Part of the prefix or the name.")
@over_rest
@listing_options
def list_keys(
    server: "Remote",
    screen: Screen,
    paging: Paging,
    user: str | None,
    team: str | None,
    project: str | None,
    status: tuple[str, ...],
    search: str | None,
) -> None:
    """List the keys that you may see."""
    query = {
        "user": user and identifier_of_user(server, user),
        "team": team and team_of(server, team),
        "project": project and project_of(server, project),
        "status": ",".join(status),
        "search": search,
    }
    show_list(server, screen, accounting("access-keys"), LISTED, paging, query)


@keys.command("show")
@click.argument("prefix")
@over_rest
def show_key(server: "Remote", screen: Screen, prefix: str) -> None:
    """Show what is known of the key PREFIX; never its body."""
    screen.thing(server.get(_path(prefix)), SHOWN)


def _to_option(command: click.decorators.FC) -> click.decorators.FC:
    kind = click.Path(dir_okay=False)
    return click.option("--to", "file", type=kind, help="Write the key to a new file that only you can read.")(command)


@keys.command("get")
@click.argument("prefix")
@_to_option
@over_rest
def get_key(server: "Remote", screen: Screen, prefix: str, file: str | None) -> None:
    """Fetch the body of your own key PREFIX. That works once; nobody keeps a copy."""
    with _place_for(screen, file) as show:
        _require_not_shown(server, prefix)
        show(server.post(_path(prefix, "hash"), {}))


@keys.command("replace")
@click.argument("prefix")
@_to_option
@yes_option
@over_rest
def replace_key(server: "Remote", screen: Screen, prefix: str, file: str | None, yes: bool) -> None:
    """Give your own key PREFIX a new body; the old one works no more."""
    confirm(f"Replace the body of the key {prefix}? Programs with the old one stop working.", yes)
    with _place_for(screen, file) as show:
        show(server.post(_path(prefix, "replace"), {}))


@keys.command("activate")
@click.argument("prefix")
@over_rest
def activate_key(server: "Remote", screen: Screen, prefix: str) -> None:
    """Let the key PREFIX work."""
    answer = server.patch(_path(prefix), {"status": "Active"})
    screen.done(f"The key {prefix} is active.", answer)


@keys.command("deactivate")
@click.argument("prefix")
@yes_option
@over_rest
def deactivate_key(server: "Remote", screen: Screen, prefix: str, yes: bool) -> None:
    """Let the key PREFIX work no more, until it is activated again; its unfinished jobs are canceled."""
    confirm(f"Deactivate the key {prefix}? Its unfinished jobs are canceled.", yes)
    answer = server.patch(_path(prefix), {"status": "Inactive"})
    screen.done(f"The key {prefix} is inactive.", answer)


@keys.command("delete")
@click.argument("prefix")
@yes_option
@over_rest
def delete_key(server: "Remote", screen: Screen, prefix: str, yes: bool) -> None:
    """Delete the key PREFIX for good; its unfinished jobs are canceled."""
    confirm(f"Delete the key {prefix} for good? Its unfinished jobs are canceled.", yes)
    screen.done(f"The key {prefix} is deleted.", server.delete(_path(prefix)))


@keys.command("set")
@click.argument("prefix")
@click.option("--name", help="What it is called.")
@click.option("--description", help="What it is for.")
@click.option("--label", "labels", multiple=True, help="Label, as often as needed; instead of those it has.")
@click.option("--no-labels", is_flag=True, help="Take all labels away.")
@click.option("--priority", type=click.Choice(["high", "normal"]), help="Whether its jobs go before others.")
@click.option("--expires", type=Time("never"), metavar="TIME|never", help="When it ends, such as 2027-01-31T12:00Z.")
@click.option("--scope", "scopes", multiple=True, help="Permission that it is limited to, such as jobs:read.")
@click.option("--no-scopes", is_flag=True, help="Let it do all that its roles may.")
@click.option("--network", "networks", multiple=True, help="Network it works from, such as 192.0.2.0/24; repeatable.")
@click.option("--no-networks", is_flag=True, help="Let it work from everywhere.")
@over_rest
def set_key(
    server: "Remote",
    screen: Screen,
    prefix: str,
    *,
    name: str | None,
    description: str | None,
    labels: tuple[str, ...],
    no_labels: bool,
    priority: str | None,
    expires: str | None,
    scopes: tuple[str, ...],
    no_scopes: bool,
    networks: tuple[str, ...],
    no_networks: bool,
) -> None:
    """Change the key PREFIX: its words, priority, expiry, scopes and networks."""
    if expires and is_past(expires):
        now = f"`modelyard keys deactivate {prefix}` stops the key now."
        raise click.UsageError(f"--expires {expires} lies in the past; {now}")
    changes = given(
        name=name,
        description=description,
        labels=listed(labels, no_labels),
        isHighPriority=None if priority is None else priority == "high",
        expiresAt="" if expires == "never" else expires,
        scopes=listed(scopes, no_scopes),
        networks=listed(networks, no_networks),
    )
    with hinted("scopes:", "`modelyard roles entitlements` lists the permissions that you have yourself."):
        screen.thing(server.patch(_path(prefix), some(changes)), SHOWN)


@keys.command("roles")
@click.argument("prefix")
@click.argument("roles", nargs=-1, required=True)
@over_rest
def set_roles(server: "Remote", screen: Screen, prefix: str, roles: tuple[str, ...]) -> None:
    """Give the key PREFIX these ROLES instead of those it has; for a user's key they hold in its team."""
    screen.thing(server.put(_path(prefix, "roles"), {"roles": list(roles)}), SHOWN)


def _path(prefix: str, *more: str) -> str:
    if "." in prefix:
        raise click.UsageError("Give only the prefix of the key, the part before the dot; the rest is secret.")
    return accounting("access-keys", prefix, *more)


def _require_not_shown(server: "Remote", prefix: str) -> None:
    """Raises CommandFailed when the server would say that it shows a body only once."""
    try:
        key = server.get(_path(prefix))
    except CommandFailed as error:
        if error.code != Exit.NOT_ALLOWED:  # a role that sees no keys has one nevertheless
            raise
        return
    if key.get("retrieved") and key.get("status") == "Active":
        again = f"`modelyard keys replace {prefix}` makes a new one, and the old one stops working."
        raise CommandFailed(f"The body of the key {prefix} was shown already; {again}", Exit.CONFLICT)


@contextmanager
def _place_for(screen: Screen, file: str | None) -> "Iterator[Callable[[Thing], object]]":
    """Where a body goes that is shown for the only time; a file is there before it is asked for."""
    if file is None:
        yield lambda answer: _show_body(screen, answer)
        return
    from modelyard.entrypoints.cli.secret_file import new_secret_file

    with new_secret_file(Path(file)) as write:
        yield lambda answer: write(f"{answer.get('key', '')}\n")
    screen.note(f"The key is in {file}; it is not shown again.")


def _show_body(screen: Screen, answer: "Thing") -> None:
    screen.thing(answer, BODY)
    screen.note("Keep it now: it is not shown again.")
