"""`modelyard search`: finds models by words."""

import sys
from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.answers import Thing, things
from modelyard.entrypoints.cli.numbers import WholeNumber
from modelyard.entrypoints.cli.over_rest import over_rest
from modelyard.entrypoints.cli.paths import at
from modelyard.entrypoints.cli.shown import Column, Screen

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.remote import Remote


def _snippet(model: Thing) -> str:
    """The piece of text in which the words are; each within brackets."""
    snippet = model.get("snippet") or {}
    text, shown, end = str(snippet.get("text", "")), "", 0
    for start, stop in snippet.get("marks") or []:
        shown += f"{text[end:start]}[{text[start:stop]}]"
        end = stop
    return shown + text[end:]


ORDERS: dict[str, dict[str, str]] = {
    "relevance": {},
    "name": {"sort-by": "name"},
    "author": {"sort-by": "author"},
    "newest": {"sort-by": "createdAt", "direction": "desc"},
    "changed": {"sort-by": "updatedAt", "direction": "desc"},
    "used": {"sort-by": "lastActiveDateTime", "direction": "desc"},
}
"""How people say what comes first, and how the server does."""
FOUND: list[Column] = [
    ("identifier", "identifier"),
    ("name", "name"),
    ("active version", "latestActiveVersion"),
    ("why", _snippet),
]


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--tag", "tags", multiple=True, help="Tag that they have, as often as needed.")
@click.option("--active", is_flag=True, help="Only models that can be used.")
@click.option(
    "--sort-by", type=click.Choice(list(ORDERS)), default="relevance", show_default=True, help="Which come first."
)
@click.option("--limit", type=WholeNumber(1, 100), metavar="N", default=20, help="At most so many models.")
@over_rest
def search(
    server: "Remote",
    screen: Screen,
    words: tuple[str, ...],
    tags: tuple[str, ...],
    active: bool,
    sort_by: str,
    limit: int,
) -> None:
    """Find models by WORDS in name, tags, summary, descriptions and cards; beginnings of words are enough.

    For example: modelyard search ship imag --tag count --active
    """
    query = {"q": " ".join(words), "tags": ";".join(tags), "isActive": active or None, "per-page": limit, "page": 1}
    query |= ORDERS[sort_by]
    answer = server.get(at("api", "models", "search"), query)
    for typed, meant in (answer.get("corrected") or {}).items():
        screen.note(f"There is nothing with {typed!r}; this is what was found with {meant!r}.")
    shown = screen.rows([things(answer.get("models"))], FOUND)
    if (total := answer.get("total", 0)) > shown and sys.stderr.isatty():
        screen.note(f"These are {shown} of {total}; more words or --tag narrow it down, --limit shows more.")
