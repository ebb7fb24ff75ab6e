"""`modelyard teams`: the teams of an account, their members and what these may do."""

from shlex import quote
from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit
from modelyard.entrypoints.cli.lazy import Group
from modelyard.entrypoints.cli.listing import Paging, listing_options, show_list
from modelyard.entrypoints.cli.named import team_of
from modelyard.entrypoints.cli.over_rest import confirm, over_rest, yes_option
from modelyard.entrypoints.cli.paths import accounting
from modelyard.entrypoints.cli.shown import Column, Screen

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.remote import Remote

LISTED: list[Column] = [
    ("name", "name"),
    ("members", "members"),
    ("admin", "isAdmin"),
    ("account", "account.name"),
    ("identifier", "identifier"),
]
SHOWN: list[Column] = [*LISTED, ("created", "createdAt"), ("updated", "updatedAt")]
MEMBERS: list[Column] = [
    ("email", "user.email"),
    ("name", "user.firstName+lastName"),
    ("status", "user.status"),
    ("roles", "roles"),
    ("key", "accessKey"),
    ("joined", "joinedAt"),
]


@click.group(cls=Group)
def teams() -> None:
    """Teams, their members and the roles of these."""


@teams.command("list")
@click.option("--search", help="Part of the name.")
@over_rest
@listing_options
def list_teams(server: "Remote", screen: Screen, paging: Paging, search: str | None) -> None:
    """List the teams that you are in or may see."""
    show_list(server, screen, accounting("teams"), LISTED, paging, {"search": search})


@teams.command("show")
@click.argument("team")
@over_rest
def show_team(server: "Remote", screen: Screen, team: str) -> None:
    """Show one TEAM, given by identifier or name."""
    screen.thing(server.get(_path(server, team)), SHOWN)


@teams.command("create")
@click.argument("name")
@click.option("--account", help="Identifier of the account.  [default: yours]")
@over_rest
def create_team(server: "Remote", screen: Screen, name: str, account: str | None) -> None:
    """Create a team called NAME."""
    body = {"name": name} | ({"account": account} if account else {})
    screen.thing(server.post(accounting("teams"), body), SHOWN)


@teams.command("rename")
@click.argument("team")
@click.argument("name")
@over_rest
def rename_team(server: "Remote", screen: Screen, team: str, name: str) -> None:
    """Call TEAM by another NAME."""
    screen.thing(server.patch(_path(server, team), {"name": name}), SHOWN)


@teams.command("delete")
@click.argument("team")
@yes_option
@over_rest
def delete_team(server: "Remote", screen: Screen, team: str, yes: bool) -> None:
    """Delete a TEAM that owns nothing any more; its members lose their keys for it."""
    path = _path(server, team)
    confirm(f"Delete the team {team} and the keys of its members for good?", yes)
    screen.done(f"The team {team} is deleted.", server.delete(path))


@teams.command("members")
@click.argument("team")
@over_rest
def list_members(server: "Remote", screen: Screen, team: str) -> None:
    """List who is in TEAM, with which roles."""
    screen.rows([server.things(_path(server, team, "members"))], MEMBERS)


@teams.command("add")
@click.argument("team")
@click.argument("user")
@click.option("-r", "--role", "roles", multiple=True, help="Role to have, as often as needed.  [default: DEVELOPER]")
@over_rest
def add_member(server: "Remote", screen: Screen, team: str, user: str, roles: tuple[str, ...]) -> None:
    """Take USER, given by identifier or e-mail address, into TEAM."""
    members = server.things(_path(server, team, "members"))
    if any(user.lower() in {(one.get("user") or {}).get(name) for name in ("identifier", "email")} for one in members):
        change = f"`modelyard teams roles {quote(team)} {quote(user)} ROLE …` changes their roles."
        raise CommandFailed(f"{user} is a member already; {change}", Exit.CONFLICT)
    body = {"roles": list(roles)} if roles else {}
    screen.thing(server.put(_path(server, team, "members", user), body), MEMBERS)


@teams.command("remove")
@click.argument("team")
@click.argument("user")
@yes_option
@over_rest
def remove_member(server: "Remote", screen: Screen, team: str, user: str, yes: bool) -> None:
    """Take USER out of TEAM; their key for it is deleted."""
    path = _path(server, team, "members", user)
    confirm(f"Take {user} out of the team {team}, and delete their key for it?", yes)
    screen.done(f"{user} is no longer in the team {team}.", server.delete(path))


@teams.command("roles")
@click.argument("team")
@click.argument("user")
@click.argument("roles", nargs=-1, required=True)
@over_rest
def set_roles(server: "Remote", screen: Screen, team: str, user: str, roles: tuple[str, ...]) -> None:
    """Give USER these ROLES in TEAM, instead of those they have there."""
    screen.thing(server.put(_path(server, team, "members", user), {"roles": list(roles)}), MEMBERS)


def _path(server: "Remote", team: str, *more: str) -> str:
    return accounting("teams", team_of(server, team), *more)
