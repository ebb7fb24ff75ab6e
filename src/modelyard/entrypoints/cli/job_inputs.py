"""What commands take as inputs of a job: files, texts, lines of JSON, rows of a table, objects in S3."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

Command = Callable[..., None]
IDENTIFIER = "id"
_FILE = click.Path(exists=True, allow_dash=True, path_type=Path)
_TEXT_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@dataclass(frozen=True)
class Given:
    """What somebody gave."""

    files: tuple[Path, ...] = ()
    texts: tuple[str, ...] = ()
    lines: Path | None = None
    table: Path | None = None
    objects: tuple[str, ...] = ()
    identifier: str = IDENTIFIER
    columns: tuple[tuple[str, str], ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to submit."""
        return not (self.files or self.texts or self.lines or self.table or self.objects)


def input_options(command: Command) -> Command:
    """Gives a function the arguments that `given_of` reads; `--s3` is not among them."""
    for add in (
        click.option(
            "--column",
            "columns",
            metavar="INPUT=NAME",
            multiple=True,
            callback=_read_columns,
            help="Which column of --csv, or member of --jsonl, is which input; named alike unless given.",
        ),
        click.option(
            "--id",
            "identifier",
            metavar="NAME",
            default=IDENTIFIER,
            help="Column or member that names the items.  [default: id; without it they are numbered]",
        ),
        click.option("--csv", "table", type=_TEXT_FILE, help="A table with a header, each row an item; - for stdin."),
        click.option("--jsonl", "lines", type=_TEXT_FILE, help="Lines of JSON, each an item; - for stdin."),
        click.option("--text", "texts", metavar="TEXT", multiple=True, help="A text as an item, as often as needed."),
        click.argument("files", nargs=-1, type=_FILE),
    ):
        command = add(command)
    return command


def _read_columns(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    pairs = [value.partition("=") for value in values]
    if wrong := [value for value, (inner, _, column) in zip(values, pairs, strict=True) if not (inner and column)]:
        raise click.BadParameter(f"{wrong[0]!r} must be INPUT=NAME.")
    return tuple((inner, column) for inner, _, column in pairs)
