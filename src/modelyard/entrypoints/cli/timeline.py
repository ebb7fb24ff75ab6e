"""`modelyard timeline`: the history of a model, or what was live at a moment."""

from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.answers import things
from modelyard.entrypoints.cli.listing import Paging, listing_options, show_list
from modelyard.entrypoints.cli.named import model_of
from modelyard.entrypoints.cli.over_rest import over_rest
from modelyard.entrypoints.cli.paths import at as path_of
from modelyard.entrypoints.cli.shown import Column, Screen
from modelyard.entrypoints.cli.times import Time

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.answers import Thing
    from modelyard.entrypoints.cli.remote import Remote

LISTED: list[Column] = [
    ("time", "at"),
    ("by", "by"),
    ("what happened", "title"),
    ("version", "version"),
    ("action", "action"),
]


def _versions(model: "Thing") -> list[str]:
    return [f"{one.get('version')} {one.get('status')}" for one in things(model.get("versions"))]


THEN: list[Column] = [("at", "at"), ("live", "live"), ("versions", _versions), ("visible to", "visibility.scope")]


@click.command()
@click.argument("model")
@click.option("--at", "moment", type=Time(), metavar="TIME", help="What was live then, such as 2026-01-31T12:00Z.")
@over_rest
@listing_options
def timeline(server: "Remote", screen: Screen, paging: Paging, model: str, moment: str | None) -> None:
    """Show what happened to a MODEL, given by identifier or name, the newest first; or how it was at a TIME."""
    path = path_of("api", "models", model_of(server, model), "timeline")
    if moment:
        screen.thing(server.get(path, {"at": moment}), THEN)
    else:
        show_list(server, screen, path, LISTED, paging, {})
