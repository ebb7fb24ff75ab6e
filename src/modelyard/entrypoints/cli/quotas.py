"""`modelyard quotas`: how many items users, teams and projects may submit."""

from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.bodies import given, some
from modelyard.entrypoints.cli.lazy import Group
from modelyard.entrypoints.cli.listing import Paging, listing_options, show_list
from modelyard.entrypoints.cli.named import identifier_of_user, project_of, team_of
from modelyard.entrypoints.cli.numbers import WholeNumber
from modelyard.entrypoints.cli.over_rest import confirm, over_rest, yes_option
from modelyard.entrypoints.cli.paths import accounting
from modelyard.entrypoints.cli.shown import Column, Screen
from modelyard.entrypoints.cli.times import Time

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.answers import Thing
    from modelyard.entrypoints.cli.remote import Remote

KINDS = ("user", "team", "project")
PERIODS = click.Choice(["hourly", "daily", "weekly", "monthly", "yearly"])


def _kind(quota: "Thing") -> object:
    return next((kind for kind in KINDS if quota.get(kind)), None)


LISTED: list[Column] = [
    ("identifier", "identifier"),
    ("limits", _kind),
    ("name", lambda quota: next((quota[kind] for kind in KINDS if quota.get(kind)), None)),
    ("period", "period"),
    ("quota", "quota"),
    ("used", "used"),
    ("from", "from"),
    ("to", "to"),
]
SHOWN: list[Column] = [*LISTED, ("created", "createdAt")]


@click.group(cls=Group)
def quotas() -> None:
    """Quotas: most items that a user, a team or a project may submit."""


@quotas.command("list")
@click.option("--user", help="Those of a user, given by identifier or e-mail address.")
@click.option("--team", help="Those of a team, given by identifier or name.")
@click.option("--project", help="Those of a project, given by identifier or name.")
@over_rest
@listing_options
def list_quotas(
    server: "Remote", screen: Screen, paging: Paging, user: str | None, team: str | None, project: str | None
) -> None:
    """List quotas, and what is used of them."""
    show_list(server, screen, accounting("quotas"), LISTED, paging, _subjects(server, user, team, project))


@quotas.command("show")
@click.argument("quota")
@over_rest
def show_quota(server: "Remote", screen: Screen, quota: str) -> None:
    """Show one QUOTA."""
    screen.thing(server.get(accounting("quotas", quota)), SHOWN)


@quotas.command("create")
@click.argument("amount", type=WholeNumber(0))
@click.option("--user", help="User to limit, by identifier or e-mail address.")
@click.option("--team", help="Team to limit, by identifier or name.")
@click.option("--project", help="Project to limit, by identifier or name.")
@click.option("--period", type=PERIODS, help="How often it begins anew, in UTC.  [default: never]")
@click.option("--from", "begin", type=Time(), metavar="TIME", help="When it begins to hold.")
@click.option("--to", "end", type=Time(), metavar="TIME", help="When it ends to hold.")
@over_rest
def create_quota(
    server: "Remote",
    screen: Screen,
    amount: int,
    *,
    user: str | None,
    team: str | None,
    project: str | None,
    period: str | None,
    begin: str | None,
    end: str | None,
) -> None:
    """Let one user, team or project submit at most AMOUNT items."""
    subjects = given(**_subjects(server, user, team, project))
    if len(subjects) != 1:
        raise click.UsageError("Give exactly one of --user, --team and --project.")
    body = given(quota=amount, period=period, from_=begin, to=end) | subjects
    screen.thing(server.post(accounting("quotas"), body), SHOWN)


@quotas.command("update")
@click.argument("quota")
@click.option("--amount", type=WholeNumber(0), metavar="N", help="Most items.")
@click.option("--from", "begin", type=Time("at-once"), metavar="TIME|at-once", help="When it begins to hold.")
@click.option("--to", "end", type=Time("never"), metavar="TIME|never", help="When it ends to hold.")
@over_rest
def update_quota(
    server: "Remote", screen: Screen, quota: str, amount: int | None, begin: str | None, end: str | None
) -> None:
    """Change how much a QUOTA allows, and when it holds."""
    begin, end = "" if begin == "at-once" else begin, "" if end == "never" else end
    changes = given(quota=amount, from_=begin, to=end)
    screen.thing(server.patch(accounting("quotas", quota), some(changes)), SHOWN)


@quotas.command("delete")
@click.argument("quota")
@yes_option
@over_rest
def delete_quota(server: "Remote", screen: Screen, quota: str, yes: bool) -> None:
    """Delete a QUOTA; it limits nobody any more."""
    confirm(f"Delete the quota {quota}?", yes)
    screen.done(f"The quota {quota} is deleted.", server.delete(accounting("quotas", quota)))


def _subjects(server: "Remote", user: str | None, team: str | None, project: str | None) -> dict[str, object]:
    return {
        "user": identifier_of_user(server, user) if user else None,
        "team": team_of(server, team) if team else None,
        "project": project_of(server, project) if project else None,
    }
