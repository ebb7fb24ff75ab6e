"""Lists of the audit trail among a million events against plain SQL on the same file."""

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.audit_rows import person, write_rows
from benchmarks.server_process import Server, start_server, stop, wait_until_answering
from benchmarks.turns import Comparison, Scale, by_turns, percentile

GOAL = "p99 < 50 ms"
_PAGE = 50
_PLAIN = "plain SQL"
_CONDITIONS = {
    "actor": "actor = ?",
    "user": "user_id = ?",
    "account": "account_id = ?",
    "requestId": "request_id = ?",
    "action": "action LIKE ? || '%'",
    "target": "target LIKE ? || '%'",
    "startDate": "at >= ?",
    "endDate": "at <= ?",
}


def measure(scale: Scale) -> Iterator[Comparison]:
    """First pages of everything, of what is frequent, rare, old or nowhere, and of several at once."""
    with tempfile.TemporaryDirectory(prefix="my-bench-") as directory:
        data_dir = Path(directory) / "data"
        _serve_once(data_dir)
        rows = scale.of(1_000_000, 2_000)
        middle = write_rows(data_dir, rows)
        server = start_server(data_dir)
        try:
            wait_until_answering(server.port, "/healthz", server.process)
            with closing(sqlite3.connect(data_dir / "modelyard.db")) as database:
                yield from _lists(scale, server, database, middle, f"{rows:,}")
        finally:
            stop(server.process)


def _lists(
    scale: Scale, server: Server, database: sqlite3.Connection, middle: dict[str, Any], rows: str
) -> Iterator[Comparison]:
    ours: list[float] = []
    theirs: list[float] = []
    for name, wanted in _cases(middle).items():
        list_them, select_them = partial(_list, server, wanted), partial(_select, database, wanted)
        new, plain = by_turns(scale.of(20, 2), list_them, select_them, warm_up=True)
        yield Comparison(f"audit of {rows}: {name}", _PLAIN, new, plain, GOAL)
        ours += new
        theirs += plain
    for hundredths in (50, 99):
        values = [percentile(ours, hundredths)], [percentile(theirs, hundredths)]
        yield Comparison(f"… p{hundredths} of all {len(ours)}", f"… its p{hundredths}", *values, GOAL)


def _cases(middle: dict[str, Any]) -> dict[str, dict[str, str]]:
    often, seldom = person(0), person(199)
    day = f"{middle['at']:%Y-%m-%d}"
    return {
        "all": {},
        "an account": {"account": often["account_id"]},
        "a person who does much": {"user": often["user_id"]},
        "a person who does little": {"actor": seldom["actor"]},
        "a frequent action": {"action": "job:"},
        "an old and rare action": {"action": "image:"},
        "an action that never was": {"action": "nothing"},
        "all jobs": {"target": "job/"},
        "all models": {"target": "model/"},
        "one target": {"target": middle["target"]},
        "one request": {"requestId": middle["request_id"]},
        "half a year ago": {"endDate": day},
        "a person and all models": {"user": often["user_id"], "target": "model/"},
        "a person and an action of others": {"user": often["user_id"], "action": "image:"},
        "a person of another account": {"user": often["user_id"], "account": seldom["account_id"]},
        "an account, an action, a day": {
            "account": often["account_id"],
            "action": "model:",
            "startDate": day,
            "endDate": f"{day}T23:59:59Z",
        },
        "all filters": {
            "actor": often["actor"],
            "user": often["user_id"],
            "account": often["account_id"],
            "action": "job:",
            "target": "job/1",
            "startDate": day,
            "endDate": "2030-01-01",
        },
    }


def _list(server: Server, wanted: dict[str, str]) -> float:
    began = time.perf_counter()
    server.call("GET", f"/api/audit?{urlencode(wanted)}")
    return time.perf_counter() - began


def _select(database: sqlite3.Connection, wanted: dict[str, str]) -> float:
    """As one would write it at first."""
    began = time.perf_counter()
    conditions = " AND ".join(["1", *(_CONDITIONS[name] for name in wanted)])
    statement = f"SELECT * FROM audit_events WHERE {conditions} ORDER BY at DESC, id DESC LIMIT {_PAGE}"  # noqa: S608
    values = [value.replace("T", " ").rstrip("Z") if "Date" in name else value for name, value in wanted.items()]
    database.execute(statement, values).fetchall()
    return time.perf_counter() - began


def _serve_once(data_dir: Path) -> None:
    """Makes the schema and the first key."""
    server = start_server(data_dir)
    wait_until_answering(server.port, "/healthz", server.process)
    stop(server.process)
