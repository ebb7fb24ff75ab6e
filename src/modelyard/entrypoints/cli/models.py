"""`modelyard models`: the models of the library, and what becomes of them."""

from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.bodies import given, listed, some
from modelyard.entrypoints.cli.lazy import Group
from modelyard.entrypoints.cli.listing import Paging, listing_options, show_list
from modelyard.entrypoints.cli.model_transfer import export_model, import_model
from modelyard.entrypoints.cli.named import model_of
from modelyard.entrypoints.cli.over_rest import confirm, over_rest, yes_option
from modelyard.entrypoints.cli.paths import at
from modelyard.entrypoints.cli.shown import Column, Screen

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.remote import Remote

SCOPES = ("ALL", "ACCOUNT", "TEAM", "PRIVATE")
LISTED: list[Column] = [
    ("identifier", "identifier"),
    ("name", "name"),
    ("active version", "latestActiveVersion"),
    ("author", "author"),
    ("tags", "tags"),
    ("updated", "updatedAt"),
]
SHOWN: list[Column] = [
    *LISTED,
    ("summary", "description"),
    ("versions", "versions"),
    ("features", "features"),
    ("visible to", "visibility.scope"),
    ("recommended", "isRecommended"),
    ("last active", "lastActiveDateTime"),
    ("created by", "createdByEmail"),
    ("permalink", "permalink"),
]


@click.group(cls=Group)
def models() -> None:
    """Models of the library. A model is named by identifier or name."""


@models.command("list")
@click.option("--name", help="Part of the name.")
@click.option("--author", help="Part of the author's name.")
@click.option("--tag", "tags", multiple=True, help="Tag that they have, as often as needed.")
@click.option("--active/--inactive", "is_active", default=None, help="Only those that can be used, or that cannot.")
@click.option("--sort-by", help="What to sort by, such as name or updatedAt.")
@over_rest
@listing_options
def list_models(
    server: "Remote",
    screen: Screen,
    paging: Paging,
    name: str | None,
    author: str | None,
    tags: tuple[str, ...],
    is_active: bool | None,
    sort_by: str | None,
) -> None:
    """List the models that you may see."""
    query = {"name": name, "author": author, "tags": ";".join(tags), "isActive": is_active, "sort-by": sort_by}
    show_list(server, screen, at("api", "models", "latest"), LISTED, paging, query)


@models.command("show")
@click.argument("model")
@over_rest
def show_model(server: "Remote", screen: Screen, model: str) -> None:
    """Show one MODEL."""
    screen.thing(server.get(_path(server, model)), SHOWN)


@models.command("update")
@click.argument("model")
@click.option("--name", help="Its new name.")
@click.option("--summary", help="What the library says of it.")
@click.option("--tag", "tags", multiple=True, help="Tag to have instead of the present ones, as often as needed.")
@click.option("--no-tags", is_flag=True, help="Have no tags.")
@over_rest
def update_model(
    server: "Remote",
    screen: Screen,
    model: str,
    name: str | None,
    summary: str | None,
    tags: tuple[str, ...],
    no_tags: bool,
) -> None:
    """Change name, summary or tags of a MODEL."""
    body = some(given(name=name, description=summary, tags=listed(tags, no_tags)))
    screen.thing(server.patch(_path(server, model), body), SHOWN)


@models.command("share")
@click.argument("model")
@click.argument("scope", type=click.Choice(SCOPES, case_sensitive=False))
@over_rest
def share_model(server: "Remote", screen: Screen, model: str, scope: str) -> None:
    """Make a MODEL visible to a SCOPE: everybody, the account, the team, or you alone."""
    answer = server.patch(_path(server, model, "visibility"), {"scope": scope.upper()})
    screen.done(f"The model {model} is visible to {scope.upper()}.", answer)


@models.command("related")
@click.argument("model")
@over_rest
def related_models(server: "Remote", screen: Screen, model: str) -> None:
    """List what has much in common with a MODEL, the closest first."""
    screen.rows([server.things(_path(server, model, "related-models"))], LISTED)


@models.command("delete")
@click.argument("model")
@click.option("--for-good", is_flag=True, help="Remove everything; it cannot be restored.")
@yes_option
@over_rest
def delete_model(server: "Remote", screen: Screen, model: str, for_good: bool, yes: bool) -> None:
    """Delete a MODEL with its versions. It can be restored."""
    path = _path(server, model)
    confirm(f"Delete the model {model}{' for good, with all of its files' if for_good else ''}?", yes)
    screen.done(f"The model {model} is deleted.", server.delete(path, {"hard": True} if for_good else None))


@models.command("restore")
@click.argument("identifier")
@over_rest
def restore_model(server: "Remote", screen: Screen, identifier: str) -> None:
    """Bring a deleted model back, given by its IDENTIFIER."""
    screen.thing(server.post(at("api", "models", identifier, "restore"), {}), SHOWN)


@models.command("deleted")
@over_rest
def list_deleted(server: "Remote", screen: Screen) -> None:
    """List what can be restored."""
    columns: list[Column] = [
        ("identifier", "identifier"),
        ("name", "name"),
        ("deleted", "deletedAt"),
        ("by", "deletedBy"),
    ]
    screen.rows([server.things(at("api", "models", "deleted"))], columns)


models.add_command(export_model)
models.add_command(import_model)


def _path(server: "Remote", model: str, *more: str) -> str:
    return at("api", "models", model_of(server, model), *more)
