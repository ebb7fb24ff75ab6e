"""`modelyard users`: who is who in an account, invitations and passwords."""

from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.answers import things
from modelyard.entrypoints.cli.bodies import given, some
from modelyard.entrypoints.cli.lazy import Group
from modelyard.entrypoints.cli.listing import Paging, listing_options, show_list
from modelyard.entrypoints.cli.named import own_account, team_of, user_of
from modelyard.entrypoints.cli.over_rest import confirm, over_rest, yes_option
from modelyard.entrypoints.cli.paths import accounting
from modelyard.entrypoints.cli.shown import Column, Screen
from modelyard.entrypoints.cli.times import Time

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.answers import Thing
    from modelyard.entrypoints.cli.remote import Remote


def _roles(user: "Thing") -> list[str]:
    """Each team with the roles there."""
    teams = things(user.get("teams"))
    return [f"{team.get('name')}:{'+'.join(map(str, team.get('roles') or []))}" for team in teams]


def _keys(user: "Thing") -> list[object]:
    return [key.get("prefix") for key in things(user.get("listAccessKeys"))]


def _last_active(user: "Thing") -> object:
    """Never, for somebody who has not come yet: the API then names the time of the invitation."""
    return None if user.get("status") == "Invited" else user.get("lastActiveDateTime")


LISTED: list[Column] = [
    ("email", "email"),
    ("name", "firstName+lastName"),
    ("status", "status"),
    ("teams", "teams"),
    ("last active", _last_active),
    ("identifier", "identifier"),
]
SHOWN: list[Column] = [
    ("email", "email"),
    ("name", "firstName+lastName"),
    ("title", "title"),
    ("status", "status"),
    ("account", "account.name"),
    ("teams", _roles),
    ("keys", _keys),
    ("active keys", "activeAccessKeyCount"),
    ("jobs", "submittedJobs"),
    ("source", "source"),
    ("external identifier", "externalIdentifier"),
    ("created", "createdAt"),
    ("updated", "updatedAt"),
    ("last active", _last_active),
    ("identifier", "identifier"),
]
INVITED: list[Column] = [
    *SHOWN[:7],
    ("invitation", "invitation.url"),
    ("link holds until", "invitation.expiresAt"),
]
LINK: list[Column] = [("link", "url"), ("holds until", "expiresAt"), ("sent by mail", "sent")]
STATUSES = click.Choice(["Active", "Inactive", "Invited", "Rejected", "Deleted"], case_sensitive=False)
DATES = click.Choice(["createdAt", "updatedAt", "lastActiveDateTime"])


@click.group(cls=Group)
def users() -> None:
    """Users. A user is named by e-mail address or identifier."""


@users.command("list")
@click.option("--search", help="Part of a name or an e-mail address.")
@click.option("--email", help="Part of the e-mail address.")
@click.option("--first-name", help="Part of the first name.")
@click.option("--last-name", help="Part of the last name.")
@click.option("--status", type=STATUSES, multiple=True, help="Only these.  [default: all but Deleted]")
@click.option("--team", help="Members of a team, given by identifier or name.")
@click.option("--key", help="Part of the prefix or the name of one of their keys.")
@click.option("--since", type=Time(), metavar="TIME", help="Whose date is not before, such as 2026-01-31.")
@click.option("--until", type=Time(), metavar="TIME", help="Whose date is not after.")
@click.option("--date", type=DATES, help="Which date --since and --until mean.  [default: createdAt]")
@over_rest
@listing_options
def list_users(
    server: "Remote",
    screen: Screen,
    paging: Paging,
    *,
    search: str | None,
    email: str | None,
    first_name: str | None,
    last_name: str | None,
    status: tuple[str, ...],
    team: str | None,
    key: str | None,
    since: str | None,
    until: str | None,
    date: str | None,
) -> None:
    """List the users that you may see."""
    query = {
        "search": search,
        "email": email,
        "firstName": first_name,
        "lastName": last_name,
        "status": ",".join(status),
        "team": team and team_of(server, team),
        "accessKey": key,
        "startDate": since,
        "endDate": until,
        "searchDate": date,
    }
    show_list(server, screen, accounting("users"), LISTED, paging, query)


@users.command("show")
@click.argument("user")
@over_rest
def show_user(server: "Remote", screen: Screen, user: str) -> None:
    """Show one USER."""
    screen.thing(user_of(server, user), SHOWN)


@users.command("invite")
@click.argument("email")
@click.option("--first-name", required=True, help="First name.")
@click.option("--last-name", required=True, help="Last name.")
@click.option("--title", help="What they do.")
@click.option(
    "--team",
    help="Their first team, by identifier or name.  [default: yours, if not the admin team]",
)
@click.option("-r", "--role", "roles", multiple=True, help="Role there, as often as needed.  [default: DEVELOPER]")
@click.option("--account", help="Identifier of the account.  [default: yours]")
@click.option("--external-identifier", help="What they are called in another directory.")
@click.option("--source", help="Name of that directory.")
@over_rest
def invite_user(
    server: "Remote",
    screen: Screen,
    email: str,
    *,
    first_name: str,
    last_name: str,
    title: str | None,
    team: str | None,
    roles: tuple[str, ...],
    account: str | None,
    external_identifier: str | None,
    source: str | None,
) -> None:
    """Invite the person with this EMAIL. Without a mail server the link for them is shown: pass it on yourself."""
    if not team and not account:
        _require_no_admin_team(server)
    body = given(
        email=email,
        firstName=first_name,
        lastName=last_name,
        title=title,
        team=team and team_of(server, team),
        roles=list(roles) or None,
        externalIdentifier=external_identifier,
        source=source,
    )
    path = accounting("accounts", account or own_account(server), "users")
    screen.thing(server.post(path, body), INVITED)


@users.command("resend-invitation")
@click.argument("user")
@over_rest
def resend_invitation(server: "Remote", screen: Screen, user: str) -> None:
    """Invite USER again; earlier invitations are void. Without a mail server the link is shown."""
    screen.thing(server.post(_path(server, user, "invitation")), LINK)


@users.command("reset-password")
@click.argument("user")
@over_rest
def reset_password(server: "Remote", screen: Screen, user: str) -> None:
    """Give USER a way to a new password. Without a mail server the link is shown."""
    screen.thing(server.post(_path(server, user, "password-reset")), LINK)


@users.command("update")
@click.argument("user")
@click.option("--first-name", help="First name.")
@click.option("--last-name", help="Last name.")
@click.option("--title", help="What they do; an empty text removes it.")
@over_rest
def update_user(
    server: "Remote", screen: Screen, user: str, first_name: str | None, last_name: str | None, title: str | None
) -> None:
    """Change names and title of USER."""
    changes = given(firstName=first_name, lastName=last_name, title=title)
    screen.thing(server.patch(_path(server, user), some(changes)), SHOWN)


@users.command("activate")
@click.argument("user")
@over_rest
def activate_user(server: "Remote", screen: Screen, user: str) -> None:
    """Let USER in again. Keys that were deactivated are activated one by one, with `keys activate`."""
    screen.done(f"{user} is active.", server.patch(_path(server, user), {"status": "Active"}))


@users.command("deactivate")
@click.argument("user")
@yes_option
@over_rest
def deactivate_user(server: "Remote", screen: Screen, user: str, yes: bool) -> None:
    """Shut USER out until activated again: sessions end, keys do not work, unfinished jobs are canceled."""
    path = _path(server, user)
    confirm(f"Deactivate {user}? Their keys stop working, and their unfinished jobs are canceled.", yes)
    screen.done(f"{user} is inactive.", server.patch(path, {"status": "Inactive"}))


@users.command("delete")
@click.argument("user")
@yes_option
@over_rest
def delete_user(server: "Remote", screen: Screen, user: str, yes: bool) -> None:
    """Delete USER and their keys for good; unfinished jobs are canceled."""
    path = _path(server, user)
    confirm(f"Delete {user} and their keys for good?", yes)
    screen.done(f"{user} is deleted.", server.delete(path))


def _require_no_admin_team(server: "Remote") -> None:
    """Nobody becomes a member of the admin team because somebody forgot an option. Raises UsageError."""
    from modelyard.entrypoints.cli.sign_in import who

    team = who(server).get("team")
    identifier = str((team if isinstance(team, dict) else {}).get("identifier") or "")
    if identifier and server.get(accounting("teams", identifier)).get("isAdmin"):
        raise click.UsageError("You act for the admin team: say with --team which team the new user is for.")


def _path(server: "Remote", user: str, *more: str) -> str:
    """The path below the user's account, which administrators of several have to name."""
    found = user_of(server, user)
    account = (found.get("account") or {}).get("identifier", "")
    return accounting("accounts", str(account), "users", str(found.get("identifier", "")), *more)
