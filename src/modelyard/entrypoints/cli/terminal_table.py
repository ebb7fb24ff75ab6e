"""Tables for people: cells fold between words only, and what has no room is left out, the last columns first."""

from collections.abc import Sequence

from modelyard.entrypoints.cli.clean_text import width
from modelyard.entrypoints.cli.times import SUFFIX

_GAP = 2
_COMFORTABLE = 24
"""A column of words gets at least so many characters, or all that it needs."""
_LENGTH_OF_TIME = len("2026-11-25 15:15") + len(SUFFIX)


def show_table(titles: Sequence[str], rows: Sequence[Sequence[str]], nothing: str) -> list[str]:
    """Prints the table; returns the titles of the columns that had no room."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if not rows:
        console.print(Text("There is nothing to show.", style="dim"))
        return []
    columns = [_named_zone(title, [row[number] for row in rows], nothing) for number, title in enumerate(titles)]
    widths = fit(columns, console.width - 1)  # the last column has a space behind it, too
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for number, columns_wide in widths.items():
        table.add_column(Text(columns[number][0]), overflow="fold", width=columns_wide)
    for row in zip(*(columns[number][1] for number in widths), strict=True):
        table.add_row(*map(Text, row))
    console.print(table)
    return [title for number, title in enumerate(titles) if number not in widths]


def fit(columns: Sequence[tuple[str, Sequence[str]]], room: int) -> dict[int, int]:
    """Which columns are shown, by number, and how wide; the first in any case, of the others those that have room."""
    needed = [_needed(title, cells) for title, cells in columns]
    longest = [max(most_of_title(title), *map(width, cells)) for title, cells in columns]
    widths = {0: min(needed[0], room)}
    left = room - widths[0]
    for number in range(1, len(columns)):
        if needed[number] + _GAP <= left:
            widths[number] = needed[number]
            left -= needed[number] + _GAP
    for number, columns_wide in widths.items():
        more = max(0, min(longest[number] - columns_wide, left))
        widths[number] += more
        left -= more
    return widths


def most_of_title(title: str) -> int:
    """How wide a title is when it is folded between words."""
    return max(map(width, title.split(" ")))


def _needed(title: str, cells: Sequence[str]) -> int:
    whole = max(map(width, cells))
    word = max(width(word) for cell in cells for word in cell.split(" "))
    return max(most_of_title(title), min(whole, max(word, _COMFORTABLE)))


def _named_zone(title: str, cells: list[str], nothing: str) -> tuple[str, list[str]]:
    """A column of times names the zone once, in its title."""
    times = [cell for cell in cells if cell != nothing]
    if not times or not all(cell.endswith(SUFFIX) and len(cell) == _LENGTH_OF_TIME for cell in times):
        return title, cells
    return f"{title} ({SUFFIX.strip()})", [cell.removesuffix(SUFFIX) for cell in cells]
