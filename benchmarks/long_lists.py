"""First pages of a list among a million rows against plain SQL on the same file."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.server_process import Server, start_server, stop, wait_until_answering
from benchmarks.turns import Comparison, Scale, by_turns, percentile

_GOAL = "p99 < 50 ms"
_PLAIN = "plain SQL"


@dataclass(frozen=True, slots=True)
class LongList:
    """A list, and how it is asked for.

    Args:
        write_rows: fills the database below a data directory with so many rows; returns one of the middle.
        cases: the filters to measure by their names, made of that row.
        ask: the seconds that the server takes for the first page of a filter.
        select: the seconds that plain SQL takes.
    """

    name: str
    write_rows: Callable[[Path, int], dict[str, Any]]
    cases: Callable[[dict[str, Any]], dict[str, dict[str, str]]]
    ask: Callable[[Server, dict[str, str]], float]
    select: Callable[[sqlite3.Connection, dict[str, str]], float]

    def measure(self, scale: Scale) -> Iterator[Comparison]:
        """First pages of everything, of what is frequent, rare, old or nowhere, and of several at once."""
        with tempfile.TemporaryDirectory(prefix="my-bench-") as directory:
            data_dir = Path(directory) / "data"
            _serve_once(data_dir)
            rows = scale.of(1_000_000, 2_000)
            middle = self.write_rows(data_dir, rows)
            server = start_server(data_dir)
            try:
                wait_until_answering(server.port, "/healthz", server.process)
                with closing(sqlite3.connect(data_dir / "modelyard.db")) as database:
                    yield from self._compare(scale, server, database, middle, f"{rows:,}")
            finally:
                stop(server.process)

    def _compare(
        self, scale: Scale, server: Server, database: sqlite3.Connection, middle: dict[str, Any], rows: str
    ) -> Iterator[Comparison]:
        ours: list[float] = []
        theirs: list[float] = []
        for name, wanted in self.cases(middle).items():
            ask, select = partial(self.ask, server, wanted), partial(self.select, database, wanted)
            new, plain = by_turns(scale.of(20, 2), ask, select, warm_up=True)
            yield Comparison(f"{self.name} of {rows}: {name}", _PLAIN, new, plain, _GOAL)
            ours += new
            theirs += plain
        for hundredths in (50, 99):
            values = [percentile(ours, hundredths)], [percentile(theirs, hundredths)]
            yield Comparison(f"… p{hundredths} of all {len(ours)}", f"… its p{hundredths}", *values, _GOAL)


def _serve_once(data_dir: Path) -> None:
    """Makes the schema and the first key."""
    server = start_server(data_dir)
    wait_until_answering(server.port, "/healthz", server.process)
    stop(server.process)
