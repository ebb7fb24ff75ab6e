"""`modelyard roles`: prebuilt and custom roles, and what they may do."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.answers import things
from modelyard.entrypoints.cli.bodies import given, listed, some
from modelyard.entrypoints.cli.exit_codes import hinted
from modelyard.entrypoints.cli.lazy import Group
from modelyard.entrypoints.cli.over_rest import confirm, over_rest, yes_option
from modelyard.entrypoints.cli.paths import accounting
from modelyard.entrypoints.cli.shown import Column, Screen

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.answers import Thing
    from modelyard.entrypoints.cli.remote import Remote

LISTED: list[Column] = [
    ("identifier", "identifier"),
    ("name", "name"),
    ("description", "description"),
    ("type", "type"),
    ("prebuilt", "isPrebuilt"),
]


def _entitlements(role: "Thing") -> list[object]:
    return [one.get("permission") for one in things(role.get("entitlements"))]


SHOWN: list[Column] = [*LISTED, ("more", "longDescription"), ("weight", "weight"), ("entitlements", _entitlements)]
ENTITLEMENTS: list[Column] = [("permission", "permission"), ("description", "description")]
TYPES = click.Choice(["user", "system"])


@click.group(cls=Group)
def roles() -> None:
    """Roles, and the entitlements that they consist of."""


def _of_account(command: click.decorators.FC) -> click.decorators.FC:
    return click.option("--account", help="Identifier of the account that the role is for.  [default: yours]")(command)


@roles.command("list")
@click.option("--type", "kind", type=TYPES, help="Those for keys of users, or for those of projects.")
@_of_account
@over_rest
def list_roles(server: "Remote", screen: Screen, kind: str | None, account: str | None) -> None:
    """List all roles."""
    screen.rows([server.things(accounting("roles"), {"type": kind, "account": account})], LISTED)


@roles.command("show")
@click.argument("role")
@_of_account
@over_rest
def show_role(server: "Remote", screen: Screen, role: str, account: str | None) -> None:
    """Show a ROLE and its entitlements."""
    screen.thing(server.get(accounting("roles", role), {"account": account}), SHOWN)


@roles.command("entitlements")
@over_rest
def list_entitlements(server: "Remote", screen: Screen) -> None:
    """List what you may do yourself: the words for entitlements of roles and for scopes of keys."""
    screen.rows([server.things(accounting("entitlements"))], ENTITLEMENTS)


def _described(command: click.decorators.FC) -> click.decorators.FC:
    """The options that create and update share."""
    for add in (
        click.option("-e", "--entitlement", "entitlements", multiple=True, help="Such as jobs:read; repeatable."),
        _of_account,
        click.option("--weight", type=int, metavar="N", help="Its place in lists; small is first."),
        click.option("--long-description", help="More about it."),
        click.option("--description", help="What it is for."),
    ):
        command = add(command)
    return command


@roles.command("create")
@click.argument("identifier")
@click.option("--name", required=True, help="What it is called.")
@click.option("--type", "kind", type=TYPES, help="For keys of users, or for those of projects.  [default: user]")
@_described
@over_rest
def create_role(
    server: "Remote",
    screen: Screen,
    identifier: str,
    *,
    name: str,
    kind: str | None,
    description: str | None,
    long_description: str | None,
    weight: int | None,
    account: str | None,
    entitlements: tuple[str, ...],
) -> None:
    """Create a custom role with this IDENTIFIER."""
    body = given(
        identifier=identifier,
        name=name,
        type=kind,
        description=description,
        longDescription=long_description,
        weight=weight,
        account=account,
        entitlements=list(entitlements),
    )
    with _naming_permissions():
        screen.thing(server.post(accounting("roles"), body), SHOWN)


@roles.command("update")
@click.argument("role")
@click.option("--name", help="What it is called.")
@_described
@over_rest
def update_role(
    server: "Remote",
    screen: Screen,
    role: str,
    *,
    name: str | None,
    description: str | None,
    long_description: str | None,
    weight: int | None,
    account: str | None,
    entitlements: tuple[str, ...],
) -> None:
    """Change a custom ROLE. Entitlements that are given replace those it has."""
    changes = given(
        name=name,
        description=description,
        longDescription=long_description,
        weight=weight,
        entitlements=listed(entitlements),
    )
    with _naming_permissions():
        screen.thing(server.patch(accounting("roles", role), some(changes), {"account": account}), SHOWN)


@roles.command("delete")
@click.argument("role")
@_of_account
@yes_option
@over_rest
def delete_role(server: "Remote", screen: Screen, role: str, account: str | None, yes: bool) -> None:
    """Delete a custom ROLE that nobody has any more."""
    confirm(f"Delete the role {role}?", yes)
    screen.done(f"The role {role} is deleted.", server.delete(accounting("roles", role), {"account": account}))


def _naming_permissions() -> AbstractContextManager[None]:
    return hinted("entitlements:", "`modelyard roles entitlements` lists the permissions that you have yourself.")
