"""`modelyard tags`: the words that models are sorted by."""

from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.lazy import Group
from modelyard.entrypoints.cli.over_rest import confirm, over_rest, yes_option
from modelyard.entrypoints.cli.paths import at
from modelyard.entrypoints.cli.shown import Column, Screen

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.remote import Remote

LISTED: list[Column] = [
    ("identifier", "identifier"),
    ("name", "name"),
    ("category", "dataType"),
    ("models", "modelCount"),
]


@click.group(cls=Group)
def tags() -> None:
    """Tags of models. A tag is named by its identifier."""


@tags.command("list")
@over_rest
def list_tags(server: "Remote", screen: Screen) -> None:
    """List the tags, and how many models have each of those that you may see."""
    screen.rows([server.things(at("api", "models", "tag-counts"))], LISTED)


@tags.command("rename")
@click.argument("tag")
@click.argument("name")
@over_rest
def rename_tag(server: "Remote", screen: Screen, tag: str, name: str) -> None:
    """Call a TAG by another NAME; models keep it."""
    screen.thing(server.patch(_path(tag), {"name": name}), LISTED)


@tags.command("merge")
@click.argument("tag")
@click.argument("into")
@yes_option
@over_rest
def merge_tag(server: "Remote", screen: Screen, tag: str, into: str, yes: bool) -> None:
    """Give all models of a TAG the one INTO which it goes, and delete it."""
    path = _path(tag, "merge")
    confirm(f"Give all models with {tag} the tag {into}, and delete {tag}?", yes)
    screen.done(f"The tag {tag} has become {into}.", server.post(path, {"into": into}))


@tags.command("delete")
@click.argument("tag")
@yes_option
@over_rest
def delete_tag(server: "Remote", screen: Screen, tag: str, yes: bool) -> None:
    """Delete a TAG that no model has."""
    path = _path(tag)
    confirm(f"Delete the tag {tag} for good?", yes)
    screen.done(f"The tag {tag} is deleted.", server.delete(path))


def _path(tag: str, *more: str) -> str:
    return at("api", "models", "tags", tag, *more)
