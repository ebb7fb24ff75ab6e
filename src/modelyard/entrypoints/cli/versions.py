"""`modelyard versions`: the versions of a model."""

import sys
from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.lazy import Group
from modelyard.entrypoints.cli.named import model_of
from modelyard.entrypoints.cli.over_rest import confirm, over_rest, yes_option
from modelyard.entrypoints.cli.paths import at
from modelyard.entrypoints.cli.shown import Column, Screen

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.remote import Remote

LISTED: list[Column] = [("version", "version"), ("status", "status")]
SHOWN: list[Column] = [
    ("model", "model.name"),
    *LISTED,
    ("image", "containerImage.reference"),
    ("hardware", "requirement.name"),
    ("inputs", "inputs"),
    ("outputs", "outputs"),
    ("engines at least", "processing.minimumParallelCapacity"),
    ("engines at most", "processing.maximumParallelCapacity"),
    ("created", "createdAt"),
    ("by", "createdBy"),
    ("updated", "updatedAt"),
]


CHANGES: list[Column] = [("effect", "effect"), ("what", "path"), ("what it means", "sentence")]


@click.group(cls=Group)
def versions() -> None:
    """Versions of a model. A model is named by identifier or name."""


@versions.command("list")
@click.argument("model")
@over_rest
def list_versions(server: "Remote", screen: Screen, model: str) -> None:
    """List the versions of a MODEL, the lowest number first."""
    screen.rows([server.things(at("api", "models", model_of(server, model), "versions"))], LISTED)


@versions.command("show")
@click.argument("model")
@click.argument("version")
@over_rest
def show_version(server: "Remote", screen: Screen, model: str, version: str) -> None:
    """Show one VERSION of a MODEL."""
    screen.thing(server.get(_path(server, model, version)), SHOWN)


@versions.command("activate")
@click.argument("model")
@click.argument("version")
@over_rest
def activate_version(server: "Remote", screen: Screen, model: str, version: str) -> None:
    """Let a VERSION of a MODEL take jobs."""
    answer = server.patch(_path(server, model, version), {"status": "active"})
    for warning in answer.get("warnings") or []:
        screen.note(f"Careful: {warning}")
    screen.thing(answer, SHOWN)


@versions.command("deactivate")
@click.argument("model")
@click.argument("version")
@yes_option
@over_rest
def deactivate_version(server: "Remote", screen: Screen, model: str, version: str, yes: bool) -> None:
    """Let a VERSION of a MODEL take no more jobs."""
    path = _path(server, model, version)
    confirm(f"Deactivate version {version} of {model}?", yes)
    screen.thing(server.patch(path, {"status": "inactive"}), SHOWN)


@versions.command("diff")
@click.argument("model")
@click.argument("first")
@click.argument("second")
@over_rest
def diff_versions(server: "Remote", screen: Screen, model: str, first: str, second: str) -> None:
    """Show what changed from the FIRST version of a MODEL to the SECOND, and whom that breaks.

    For example: modelyard versions diff "Ship Counter" 1.0.0 1.1.0
    """
    answer = server.get(_path(server, model, first, "diff", second))
    changes = answer.get("changes") or []
    if changes or screen.form != "table":
        screen.rows([changes], CHANGES)
    else:
        screen.line(f"The versions {first} and {second} of {model} do not differ in their contract.")


@versions.command("report")
@click.argument("model")
@click.argument("version")
@over_rest
def show_report(server: "Remote", screen: Screen, model: str, version: str) -> None:
    """Show what the tests of a VERSION of a MODEL measured."""
    if screen.form == "json":
        screen.done("", server.get(_path(server, model, version, "report")))
    else:
        path = _path(server, model, version, "report")
        server.download(path, {"format": "markdown"}, sys.stdout.buffer, lambda _: None)


def _path(server: "Remote", model: str, version: str, *more: str) -> str:
    return at("api", "models", model_of(server, model), "versions", version, *more)
