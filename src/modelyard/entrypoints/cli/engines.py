"""`modelyard engines`: the containers that run, and what they write."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.answers import Thing, things
from modelyard.entrypoints.cli.lazy import Group
from modelyard.entrypoints.cli.named import model_of
from modelyard.entrypoints.cli.numbers import WholeNumber
from modelyard.entrypoints.cli.over_rest import over_rest, over_rest_alone
from modelyard.entrypoints.cli.paths import at
from modelyard.entrypoints.cli.shown import Column, Screen

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.remote import Remote

LISTED: list[Column] = [
    ("engine", "name"),
    ("model", "identifier"),
    ("version", "version"),
    ("ready", "ready"),
    ("started", "startedAt"),
    ("waiting items", "queued"),
    ("situation", "situations"),
]
LIMITS: list[Column] = [
    ("model", "model.name"),
    ("version", "version"),
    ("engines at least", "processing.minimumParallelCapacity"),
    ("engines at most", "processing.maximumParallelCapacity"),
]


@click.group(cls=Group)
def engines() -> None:
    """Engines: the running containers of versions."""


@engines.command("list")
@click.option("--model", help="Of one model, by identifier or name.")
@over_rest
def list_engines(server: "Remote", screen: Screen, model: str | None) -> None:
    """List engines, and versions that have none but items that wait.

    \b
    modelyard engines list
    modelyard engines list --model Sentiment --json
    """
    wanted = model_of(server, model) if model else ""
    found = server.things(at("api", "resources", "processing", "models"))
    screen.rows([[row for thing in found if wanted in {"", thing.get("identifier")} for row in _rows(thing)]], LISTED)


@engines.command("scale")
@click.argument("model")
@click.argument("version")
@click.option("--min", "minimum", type=WholeNumber(0), required=True, help="Engines that always run.")
@click.option("--max", "maximum", type=WholeNumber(0), required=True, help="Engines that may run when items wait.")
@over_rest
def scale(server: "Remote", screen: Screen, model: str, version: str, minimum: int, maximum: int) -> None:
    """Set how many engines a VERSION of a MODEL has.

    \b
    modelyard engines scale Sentiment 1.0.0 --min 0 --max 4
    """
    path = at("api", "models", model_of(server, model), "versions", version)
    limits = {"minimumParallelCapacity": minimum, "maximumParallelCapacity": maximum}
    screen.thing(server.patch(path, {"processing": limits}), LIMITS)


@click.command()
@click.argument("engine")
@click.option("-f", "--follow", is_flag=True, help="Go on to show what it writes until Ctrl-C.")
@click.option("--tail", type=WholeNumber(1, 10_000), metavar="N", help="Only so many of the newest lines.")
@over_rest_alone
def logs(server: "Remote", screen: Screen, engine: str, follow: bool, tail: int | None) -> None:
    """Show what an ENGINE has written; `modelyard engines list` names engines.

    \b
    modelyard logs -f model-batch-ed542963de-1-0-1-786bd594c8-b54xh
    """
    from modelyard.entrypoints.cli.log_lines import show_log

    show_log(server, screen, engine, follow=follow, tail=tail)


engines.add_command(logs)


def _rows(thing: Thing) -> Iterator[Thing]:
    """A row for each engine of a version; one without an engine for a version that has none, but is wanted."""
    inputs = thing.get("inputs")
    of_version = {
        "identifier": thing.get("identifier"),
        "version": thing.get("version"),
        "queued": inputs.get("queued") if isinstance(inputs, dict) else None,
        "situations": thing.get("situations"),
    }
    found = things(thing.get("engines"))
    yield from (engine | of_version for engine in found)
    if not found and (of_version["queued"] or of_version["situations"]):
        yield of_version
