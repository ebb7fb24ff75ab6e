"""Many audit events of a busy installation, chained as the platform chains them, written straight to the file."""

import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from modelyard.domain.audit.chain import digest

PEOPLE, ACCOUNTS, TEAMS, MODELS = 200, 5, 20, 300
_ROWS_AT_ONCE = 10_000
_ACTIONS = {
    "job:submitted": (600, "job/{uuid}"),
    "results:downloaded": (250, "job/{uuid}"),
    "job:canceled": (20, "job/{uuid}"),
    "session:opened": (40, "session/{uuid}"),
    "access:refused": (40, "address/10.0.0.{small}"),
    "model:changed": (10, "model/{model}"),
    "model:version:created": (5, "model/{model}/0.{small}.0"),
    "model:version:activated": (5, "model/{model}/0.{small}.0"),
    "user:changed": (5, "user/{uuid}"),
    "key:replaced": (4, "key/{uuid}"),
    "quota:changed": (1, "quota/{uuid}"),
    **{f"thing{number}:changed": (0.2, f"thing{number}/{{small}}") for number in range(40)},
}
_OLD_AND_RARE = "image:imported"
"""Happened only at the very beginning: to find some, all that came later has to be passed over."""
_COLUMNS = (
    "id",
    "at",
    "account_id",
    "team_id",
    "actor",
    "user_id",
    "key_prefix",
    "address",
    "request_id",
    "action",
    "target",
    "details",
    "previous_hash",
    "hash",
)


def person(number: int) -> dict[str, str]:
    """Who acts; the first ones do most."""
    user_id = str(uuid.UUID(int=number + 1))
    account = f"account-{number % ACCOUNTS:028}"
    facts = {"user_id": user_id, "actor": f"person{number}@example.org", "account_id": account}
    return facts | {"team_id": f"team-{number % TEAMS:031}", "key_prefix": "k" * 20}


def write_rows(data_dir: Path, number: int) -> dict[str, Any]:
    """Adds so many events to the trail of a server that does not run; returns one from the middle."""
    with closing(sqlite3.connect(data_dir / "modelyard.db", isolation_level=None)) as database:
        database.execute("PRAGMA synchronous=OFF")
        head = database.execute("SELECT last_id, last_hash FROM audit_chain").fetchone()
        last_id, last_hash = head or (0, "0" * 64)
        statement = f"INSERT INTO audit_events ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
        middle: dict[str, Any] = {}
        rows: list[tuple[Any, ...]] = []
        database.execute("BEGIN")
        for row in _events(number):
            last_id += 1
            row |= {"id": last_id, "previous_hash": last_hash}
            row["hash"] = last_hash = digest(row)
            middle = row if last_id == number // 2 else middle
            rows.append(tuple(_stored(row[name]) for name in _COLUMNS))
            if len(rows) == _ROWS_AT_ONCE:
                database.executemany(statement, rows)
                rows.clear()
        database.executemany(statement, rows)
        values = (last_id, last_hash, 0, "0" * 64)
        database.execute("INSERT OR REPLACE INTO audit_chain VALUES (1, ?, ?, ?, ?)", values)
        database.execute("COMMIT")
    return middle


def _stored(value: Any) -> Any:
    """As SQLAlchemy stores it."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S.%f}"
    return json.dumps(value) if isinstance(value, dict) else value


def _events(number: int) -> Iterator[dict[str, Any]]:
    random = Random(1)  # noqa: S311 - the same events each time
    people = [person(each) for each in range(PEOPLE)]
    busy = [1 / (each + 1) for each in range(PEOPLE)]
    models = [f"{each:010x}" for each in range(MODELS)]
    weights = [weight for weight, _ in _ACTIONS.values()]
    at = datetime(2025, 1, 1, tzinfo=UTC)
    for index in range(number):
        action = random.choices(list(_ACTIONS), weights)[0]
        target = _ACTIONS[action][1]
        if index < number // 500 and index % 20 == 0:
            action, target = _OLD_AND_RARE, "image/{uuid}"
        at += timedelta(milliseconds=random.randrange(60_000))
        words = {"uuid": uuid.UUID(int=random.getrandbits(128)), "small": random.randrange(100)}
        yield {
            **random.choices(people, busy)[0],
            "at": at,
            "address": "192.0.2.7",
            "request_id": f"{random.getrandbits(64):016x}",
            "action": action,
            "target": target.format(**words, model=random.choice(models)),
            "details": {"items": 5, "model": "0000000001"},
        }
