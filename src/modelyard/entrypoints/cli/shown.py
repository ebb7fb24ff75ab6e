"""What commands show: tables in a terminal, plain columns elsewhere, or JSON, or CSV."""

import csv
import io
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import click

from modelyard.core.harmless import harmless_cell
from modelyard.entrypoints.cli.answers import Thing
from modelyard.entrypoints.cli.clean_text import clean, clean_json, width, writable
from modelyard.entrypoints.cli.times import WIRE, readable
from modelyard.entrypoints.cli.wrapping import wrapped

FORMS = ("table", "json", "csv")
Column = tuple[str, str | Callable[[Thing], object]]
"""A title, and where the value is: names with dots between, several with `+` between are joined.

Lists begin with the most important column: a narrow terminal shows as many as it has room for."""
_GAP = "  "
_NOTHING = "-"


class Screen:
    """Standard output for what was asked for, standard error for everything else."""

    def __init__(self, form: str = "table") -> None:
        self.form = form

    def rows(self, pages: Iterable[Sequence[Thing]], columns: Sequence[Column], most: int | None = None) -> int:
        """A list, all pages of it or its first entries; returns how many these are."""
        things = self._gather(pages, most)
        if self.form == "json":
            self._json(things)
        elif self.form == "csv":
            self._csv([title for title, _ in columns], [_cells(thing, columns) for thing in things])
        else:
            self._table([title for title, _ in columns], [_cells(thing, columns) for thing in things])
        return len(things)

    def thing(self, thing: Thing, columns: Sequence[Column]) -> None:
        """One thing, a line for each member that it has."""
        if self.form == "json":
            self._json(thing)
            return
        if self.form == "csv":
            self.rows([[thing]], columns)
            return
        lines = [(title, text) for title, where in columns if (text := cell(thing, where)) != _NOTHING]
        longest = max((len(title) for title, _ in lines), default=0)
        for title, text in lines:
            head = f"{title:<{longest}}{_GAP}"
            folded = wrapped(writable(text), sys.stdout, before=head, indent=" " * len(head))
            self.line(click.style(folded[: len(head)], dim=True) + folded[len(head) :])

    def done(self, sentence: str, answer: object) -> None:
        """What was done: the sentence, or the server's answer."""
        if self.form == "json":
            self._json(answer)
        else:
            self.line(wrapped(writable(clean(sentence)), sys.stdout))

    def line(self, text: str) -> None:
        """A line on standard output, clean already."""
        click.echo(text)

    def note(self, text: str) -> None:
        """A line on standard error."""
        click.echo(wrapped(writable(clean(text), sys.stderr), sys.stderr), err=True)

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int], None]]:
        """Shows on standard error how far something is, where that is a terminal."""
        if not sys.stderr.isatty():
            yield lambda _: None
            return
        from rich.console import Console

        status = Console(stderr=True).status(what)
        before = 0

        def tell(count: int) -> None:
            nonlocal before
            if before:  # what comes at once needs no progress
                status.start()
            before = count
            status.update(f"{count:,} {what} …")

        try:
            yield tell
        finally:
            status.stop()

    def _gather(self, pages: Iterable[Sequence[Thing]], most: int | None) -> list[Thing]:
        things: list[Thing] = []
        with self.progress("entries") as tell:
            for page in pages:
                things += page
                tell(len(things))
                if most is not None and len(things) >= most:
                    return things[:most]
        return things

    def _json(self, value: object) -> None:
        self.line(writable(clean_json(value)))

    def _csv(self, titles: list[str], rows: list[list[str]]) -> None:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(titles)
        writer.writerows([harmless_cell("" if one == _NOTHING else one) for one in row] for row in rows)
        click.echo(writable(text.getvalue()), nl=False)

    def _table(self, titles: list[str], rows: list[list[str]]) -> None:
        if sys.stdout.isatty():
            from modelyard.entrypoints.cli.terminal_table import show_table

            if left_out := show_table(titles, rows, _NOTHING):
                self.note(f"No room for: {', '.join(left_out)}; -o csv has all columns.")
            return
        table = [[title.upper().replace(" ", "_") for title in titles], *rows]
        widths = [max(map(width, column)) for column in zip(*table, strict=True)]
        for row in table:
            padded = [text + " " * (most - width(text)) for text, most in zip(row, widths, strict=True)]
            self.line(writable(_GAP.join(padded).rstrip()))


def cell(thing: Thing, where: str | Callable[[Thing], object]) -> str:
    """A value as one clean line; `-` when there is none."""
    value = where(thing) if callable(where) else _found(thing, where)
    return clean(_text(value)).strip() or _NOTHING


def _cells(thing: Thing, columns: Sequence[Column]) -> list[str]:
    return [cell(thing, where) for _, where in columns]


def _found(thing: Thing, where: str) -> object:
    if "+" in where:
        head, _, _ = where.rpartition(".") if "." in where else ("", "", "")
        names = where[len(head) + bool(head) :].split("+")
        return " ".join(filter(None, (_text(_found(thing, f"{head}.{name}".lstrip("."))) for name in names)))
    value: object = thing
    for name in where.split("."):
        value = cast(Thing, value).get(name) if isinstance(value, dict) else None
    return value


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str() if found := WIRE.fullmatch(value):
            return readable(value) if sys.stdout.isatty() else f"{found[1]}T{found[2]}{found[3]}Z"
        case list():
            comma = ", " if sys.stdout.isatty() else ","
            return comma.join(filter(None, map(_text, value)))
        case dict():
            return _text(value.get("name") or value.get("identifier"))
    return str(value)
