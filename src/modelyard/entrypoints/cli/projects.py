"""`modelyard projects`: work of a team with keys of its own."""

from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.answers import things
from modelyard.entrypoints.cli.bodies import given, some
from modelyard.entrypoints.cli.lazy import Group
from modelyard.entrypoints.cli.listing import Paging, listing_options, show_list
from modelyard.entrypoints.cli.named import identifier_of_user, project_of, team_of
from modelyard.entrypoints.cli.over_rest import confirm, over_rest, yes_option
from modelyard.entrypoints.cli.paths import accounting
from modelyard.entrypoints.cli.shown import Column, Screen

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.remote import Remote

LISTED: list[Column] = [
    ("name", "name"),
    ("team", "team.name"),
    ("owner", "user.email"),
    ("status", "status"),
    ("visibility", "visibility"),
    ("identifier", "identifier"),
]
SHOWN: list[Column] = [
    *LISTED,
    ("description", "description"),
    ("members", lambda project: [one.get("email") for one in things(project.get("members"))]),
    ("keys", lambda project: [one.get("prefix") for one in things(project.get("accessKeys"))]),
    ("created", "createdAt"),
    ("updated", "updatedAt"),
]
KEYS: list[Column] = [
    ("prefix", "prefix"),
    ("name", "name"),
    ("description", "description"),
    ("status", "status"),
    ("default", "isDefault"),
    ("high priority", "isHighPriority"),
    ("created", "createdAt"),
]
STATISTICS: list[Column] = [
    ("jobs", "jobs"),
    ("items", "items"),
    ("completed", "completed"),
    ("failed", "failed"),
    ("input bytes", "inputBytes"),
]
MODELS: list[Column] = [("model", "identifier"), ("name", "name"), ("version", "version"), ("jobs", "jobs")]
STATUSES = click.Choice(["ACTIVE", "INACTIVE", "DELETED"], case_sensitive=False)
LIVING = click.Choice(["ACTIVE", "INACTIVE"], case_sensitive=False)
VISIBILITIES = click.Choice(["ACCOUNT", "TEAM", "PRIVATE"], case_sensitive=False)


@click.group(cls=Group)
def projects() -> None:
    """Projects: their members, keys and statistics. A project is named by identifier or name."""


@projects.command("list")
@click.option("--search", help="Part of the name.")
@click.option("--status", type=STATUSES, multiple=True, help="Only these.  [default: all but DELETED]")
@over_rest
@listing_options
def list_projects(
    server: "Remote", screen: Screen, paging: Paging, search: str | None, status: tuple[str, ...]
) -> None:
    """List the projects that you may see."""
    query = {"search": search, "status": ",".join(status)}
    show_list(server, screen, accounting("projects"), LISTED, paging, query)


@projects.command("show")
@click.argument("project")
@over_rest
def show_project(server: "Remote", screen: Screen, project: str) -> None:
    """Show one PROJECT."""
    screen.thing(server.get(_path(server, project)), SHOWN)


@projects.command("create")
@click.argument("name")
@click.option("--description", help="What it is for.")
@click.option("--visibility", type=VISIBILITIES, help="Who sees it beside its members.")
@click.option("--team", help="Its team, by identifier or name.  [default: the one you act for]")
@over_rest
def create_project(
    server: "Remote", screen: Screen, name: str, description: str | None, visibility: str | None, team: str | None
) -> None:
    """Create a project called NAME, and its first key; `keys get` fetches the body of that."""
    team_id = team_of(server, team) if team else None
    body = given(name=name, description=description, visibility=visibility, team=team_id)
    screen.thing(server.post(accounting("projects"), body), SHOWN)


@projects.command("update")
@click.argument("project")
@click.option("--name", help="What it is called.")
@click.option("--description", help="What it is for.")
@click.option("--visibility", type=VISIBILITIES, help="Who sees it beside its members.")
@click.option("--status", type=LIVING, help="Whether its keys work.")
@click.option("--owner", help="New owner, by identifier or e-mail address.")
@over_rest
def update_project(
    server: "Remote",
    screen: Screen,
    project: str,
    *,
    name: str | None,
    description: str | None,
    visibility: str | None,
    status: str | None,
    owner: str | None,
) -> None:
    """Change a PROJECT, deactivate it or hand it over."""
    user = identifier_of_user(server, owner) if owner else None
    changes = given(name=name, description=description, visibility=visibility, status=status, user=user)
    screen.thing(server.patch(_path(server, project), some(changes)), SHOWN)


@projects.command("delete")
@click.argument("project")
@yes_option
@over_rest
def delete_project(server: "Remote", screen: Screen, project: str, yes: bool) -> None:
    """Delete a PROJECT and its keys for good; its unfinished jobs are canceled."""
    path = _path(server, project)
    confirm(f"Delete the project {project} and its keys for good? Its unfinished jobs are canceled.", yes)
    screen.done(f"The project {project} is deleted.", server.delete(path))


@projects.group("members", cls=Group)
def members() -> None:
    """Who works in a project."""


@members.command("add")
@click.argument("project")
@click.argument("user")
@over_rest
def add_member(server: "Remote", screen: Screen, project: str, user: str) -> None:
    """Let USER, given by identifier or e-mail address, work in PROJECT."""
    path = _path(server, project, "members", identifier_of_user(server, user))
    screen.thing(server.put(path), SHOWN)


@members.command("remove")
@click.argument("project")
@click.argument("user")
@yes_option
@over_rest
def remove_member(server: "Remote", screen: Screen, project: str, user: str, yes: bool) -> None:
    """Take USER out of PROJECT."""
    path = _path(server, project, "members", identifier_of_user(server, user))
    confirm(f"Take {user} out of the project {project}?", yes)
    screen.done(f"{user} is no longer in the project {project}.", server.delete(path))


@projects.group("keys", cls=Group)
def keys() -> None:
    """Keys of a project. `modelyard keys` has what can be done with a single one."""


@keys.command("list")
@click.argument("project")
@over_rest
def list_keys(server: "Remote", screen: Screen, project: str) -> None:
    """List the keys of PROJECT."""
    screen.rows([things(server.get(_path(server, project)).get("accessKeys"))], KEYS)


@keys.command("create")
@click.argument("project")
@click.argument("name")
@click.option("--description", help="What it is for.")
@over_rest
def create_key(server: "Remote", screen: Screen, project: str, name: str, description: str | None) -> None:
    """Create a further key of PROJECT, called NAME; `keys get` fetches its body."""
    path = _path(server, project, "access-keys")
    screen.thing(server.post(path, given(name=name, description=description)), KEYS)


@projects.command("statistics")
@click.argument("project")
@over_rest
def show_statistics(server: "Remote", screen: Screen, project: str) -> None:
    """Show what the jobs of PROJECT amount to."""
    found = server.get(_path(server, project, "statistics"))
    screen.thing(found, STATISTICS)
    models = things(found.get("models"))
    if screen.form == "table" and models:
        screen.line("")
        screen.rows([models], MODELS)


def _path(server: "Remote", project: str, *more: str) -> str:
    return accounting("projects", project_of(server, project), *more)
