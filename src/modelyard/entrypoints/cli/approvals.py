"""`modelyard approvals`: what waits for somebody's approval, and saying yes or no."""

from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.answers import things
from modelyard.entrypoints.cli.bodies import given
from modelyard.entrypoints.cli.lazy import Group
from modelyard.entrypoints.cli.listing import Paging, listing_options, show_list
from modelyard.entrypoints.cli.named import model_of
from modelyard.entrypoints.cli.over_rest import over_rest
from modelyard.entrypoints.cli.paths import at
from modelyard.entrypoints.cli.shown import Column, Screen

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.answers import Thing
    from modelyard.entrypoints.cli.remote import Remote

LISTED: list[Column] = [
    ("model", "name"),
    ("version", "version"),
    ("by", "createdBy"),
    ("waits for", "approval.waitingFor"),
    ("you may decide", "mayDecide"),
    ("asked", "approval.askedAt"),
    ("identifier", "modelId"),
]


def _decisions(version: "Thing") -> list[str]:
    told = things(version.get("decisions"))
    return [f"{one.get('decision')} for {one.get('role')} by {one.get('by')}" for one in told]


DECIDED: list[Column] = [
    ("model", "modelId"),
    ("version", "version"),
    ("status", "status"),
    ("approval", "state"),
    ("waits for", "waitingFor"),
    ("decisions", _decisions),
]


@click.group(cls=Group)
def approvals() -> None:
    """Versions that wait for somebody's approval. `accounts set --approval-role` says whose is needed."""


@approvals.command("list")
@over_rest
@listing_options
def list_waiting(server: "Remote", screen: Screen, paging: Paging) -> None:
    """List what waits for roles that you have. Nobody decides on their own work."""
    show_list(server, screen, at("api", "models", "approvals"), LISTED, paging, {})


@approvals.command("approve")
@click.argument("model")
@click.argument("version")
@click.option("--reason", help="Why, for those who read the history.")
@over_rest
def approve_version(server: "Remote", screen: Screen, model: str, version: str, reason: str | None) -> None:
    """Approve a VERSION of MODEL, given by identifier or name. The last approval makes it active."""
    _decide(server, screen, model, version, given(decision="approved", reason=reason))


@approvals.command("reject")
@click.argument("model")
@click.argument("version")
@click.option("--reason", required=True, help="Why, for those who have to mend it.")
@over_rest
def reject_version(server: "Remote", screen: Screen, model: str, version: str, reason: str) -> None:
    """Reject a VERSION of MODEL, given by identifier or name; its creator asks again when it is mended."""
    _decide(server, screen, model, version, {"decision": "rejected", "reason": reason})


def _decide(server: "Remote", screen: Screen, model: str, version: str, body: dict[str, object]) -> None:
    path = at("api", "models", model_of(server, model), "versions", version, "approvals")
    screen.thing(server.post(path, body), DECIDED)
