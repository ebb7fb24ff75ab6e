"""`modelyard accounts`: organisations, how many engines they may have, and who approves their versions."""

from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.bodies import given, listed
from modelyard.entrypoints.cli.lazy import Group
from modelyard.entrypoints.cli.named import account_of
from modelyard.entrypoints.cli.numbers import WholeNumber
from modelyard.entrypoints.cli.over_rest import over_rest
from modelyard.entrypoints.cli.paths import accounting
from modelyard.entrypoints.cli.shown import Column, Screen

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.remote import Remote

LISTED: list[Column] = [
    ("name", "name"),
    ("status", "status"),
    ("users", "userCount"),
    ("engines", "processingEngines"),
    ("approval roles", "approvalRoles"),
    ("created", "createdAt"),
    ("identifier", "identifier"),
]


@click.group(cls=Group)
def accounts() -> None:
    """Accounts: their names, their engines, and who approves versions. Named by name or identifier."""


@accounts.command("list")
@over_rest
def list_accounts(server: "Remote", screen: Screen) -> None:
    """List the accounts that you may see."""
    screen.rows([server.things(accounting("accounts"))], LISTED)


@accounts.command("show")
@click.argument("account", required=False)
@over_rest
def show_account(server: "Remote", screen: Screen, account: str | None) -> None:
    """Show an ACCOUNT, or yours. Without `engines` it may have as many as the server's settings say."""
    screen.thing(server.get(accounting("accounts", account_of(server, account))), LISTED)


@accounts.command("set")
@click.argument("account", required=False)
@click.option("--name", help="What it is called.")
@click.option("--engines", type=WholeNumber(0), metavar="N", help="Most engines that it may have.")
@click.option("--approval-role", "roles", multiple=True, help="Role that has to approve versions; repeatable.")
@click.option("--no-approval", is_flag=True, help="Let versions become active without approval.")
@over_rest
def set_account(
    server: "Remote",
    screen: Screen,
    account: str | None,
    *,
    name: str | None,
    engines: int | None,
    roles: tuple[str, ...],
    no_approval: bool,
) -> None:
    """Change an ACCOUNT, or yours. Nobody approves their own work: with approval, two people are needed."""
    changes = given(name=name, processingEngines=engines, approvalRoles=listed(roles, no_approval))
    if not changes:
        raise click.UsageError("Say what to change; --help lists what can be.")
    screen.thing(server.patch(accounting("accounts", account_of(server, account)), changes), LISTED)
