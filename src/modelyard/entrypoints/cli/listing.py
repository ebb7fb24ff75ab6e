"""What all lists share: all of it by default, or one page, or the first entries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

import click

from modelyard.entrypoints.cli.numbers import WholeNumber
from modelyard.entrypoints.cli.shown import Column, Screen

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.remote import Remote

Command = Callable[..., None]
USUAL_PAGE = 500


@dataclass(frozen=True)
class Paging:
    """Which part of a list is wanted; without a page all pages, without a limit all entries."""

    page: int | None = None
    per_page: int = USUAL_PAGE
    limit: int | None = None


def listing_options(command: Command) -> Command:
    """Gives a function its `paging`, and the options for it. Stands below `over_rest`."""

    def run(*things: Any, page: int | None, per_page: int, limit: int | None, **given: Any) -> None:
        command(*things, paging=Paging(page, min(per_page, limit or per_page), limit), **given)

    decorated: Command = update_wrapper(run, command)
    for add in (
        click.option(
            "--per-page", type=WholeNumber(1, 10_000), metavar="N", default=USUAL_PAGE, help="Entries of a request."
        ),
        click.option("--page", type=WholeNumber(1), metavar="N", help="Only this page."),
        click.option("--limit", type=WholeNumber(1), metavar="N", help="At most so many entries.  [default: all]"),
    ):
        decorated = add(decorated)
    return decorated


def show_list(
    server: "Remote",
    screen: Screen,
    path: str,
    columns: Sequence[Column],
    paging: Paging,
    query: Mapping[str, object],
) -> None:
    """Shows what a path lists."""
    asked = {**query, "page": paging.page or 1, "per-page": paging.per_page}
    pages = server.pages(path, asked)
    screen.rows([next(pages)] if paging.page else pages, columns, paging.limit)
