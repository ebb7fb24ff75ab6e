"""Many jobs of a busy installation, the same each time, written straight to the file of a server that does not run."""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

PEOPLE, TEAMS, MODELS, PROJECTS = 200, 20, 300, 10
_ROWS_AT_ONCE = 10_000
_INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'jobs' AND sql IS NOT NULL"
_STATUSES = {"COMPLETED": 960, "CANCELED": 25, "TIMEDOUT": 10, "IN_PROGRESS": 1}
NEVER_MET = (0, 5)
"""A person and a model who both have many jobs, but none together."""
_RARE_MODEL = "Ship Detection"
"""Ran only at the very beginning: to find its jobs, all that came later has to be passed over."""


def person(number: int) -> dict[str, str]:
    """Who submits; the first ones do most, the last one did only at the beginning."""
    return {
        "id": f"person-{number:029}",
        "first_name": f"First{number}",
        "last_name": f"Last{number}",
        "email": f"person{number}@example.org",
        "team_id": f"team-{number % TEAMS:031}",
        "key_prefix": f"key{number:017}",
    }


def model(number: int) -> dict[str, str]:
    """What runs; the last one ran only at the beginning."""
    name = _RARE_MODEL if number == MODELS - 1 else f"Model {number} of group {number % 7}"
    return {"model_id": f"{number:010x}", "model_name": name, "version": f"0.{number % 3}.0"}


def write_rows(data_dir: Path, number: int) -> dict[str, Any]:
    """Adds so many jobs, with people and teams, to a server that does not run; returns one from the middle."""
    with closing(sqlite3.connect(data_dir / "modelyard.db", isolation_level=None)) as database:
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA synchronous=OFF")
        account = database.execute("SELECT id, name FROM accounts").fetchone()
        database.execute("BEGIN")
        _write_people(database, account["id"])
        indexes = database.execute(_INDEXES).fetchall()
        for name, _ in indexes:  # made once from all rows is much quicker than row by row
            database.execute(f"DROP INDEX {name}")
        middle: dict[str, Any] = {}
        rows: list[dict[str, Any]] = []
        for index, row in enumerate(_jobs(number, dict(account))):
            middle = row if index == number // 2 else middle
            rows.append(row)
            if len(rows) == _ROWS_AT_ONCE:
                _insert(database, "jobs", rows)
                rows.clear()
        _insert(database, "jobs", rows)
        for _, statement in indexes:
            database.execute(statement)
        database.execute("COMMIT")
    return middle


def _write_people(database: sqlite3.Connection, account_id: str) -> None:
    """As copies of the first administrator and their team."""
    copied: dict[str, list[dict[str, Any]]] = {
        "teams": [{"id": f"team-{number:031}", "name": f"Team {number}", "is_admin": 0} for number in range(TEAMS)],
        "users": [
            {name: text for name, text in person(number).items() if name in _OF_USERS} for number in range(PEOPLE)
        ],
        "api_keys": [
            {
                "prefix": one["key_prefix"],
                "user_id": one["id"],
                "team_id": one["team_id"],
                "name": f"key {one['email']}",
            }
            for one in map(person, range(PEOPLE))
        ],
    }
    for table, copies in copied.items():
        query = f"SELECT * FROM {table} WHERE account_id = ? LIMIT 1"  # noqa: S608 - a name of ours
        original = dict(database.execute(query, [account_id]).fetchone())
        _insert(database, table, [{**original, "is_default": 0, **copy} for copy in copies])


_OF_USERS = {"id", "first_name", "last_name", "email"}


def _insert(database: sqlite3.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    known = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
    names = [name for name in rows[0] if name in known]
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608
    database.executemany(statement, [[_stored(row[name]) for name in names] for row in rows])


def _stored(value: Any) -> Any:
    """As SQLAlchemy stores it."""
    return f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else value


def _jobs(number: int, account: dict[str, Any]) -> Iterator[dict[str, Any]]:
    random = Random(1)  # noqa: S311 - the same jobs each time
    people, models = [person(each) for each in range(PEOPLE)], [model(each) for each in range(MODELS)]
    often, busy = [1 / (each + 1) for each in range(MODELS - 1)], [1 / (each + 1) for each in range(PEOPLE - 1)]
    numbers: dict[str, int] = {}
    at = datetime(2025, 1, 1, tzinfo=UTC)
    for index in range(number):
        is_early = index < number // 500 and index % 20 == 0
        who = people[-1] if is_early else random.choices(people[:-1], busy)[0]
        what = models[-1] if is_early else random.choices(models[:-1], often)[0]
        if who is people[NEVER_MET[0]] and what is models[NEVER_MET[1]]:
            what = models[NEVER_MET[1] - 1]
        version_id = numbers.setdefault(what["model_id"], len(numbers) + 1)
        at += timedelta(milliseconds=random.randrange(60_000))
        status = random.choices(list(_STATUSES), list(_STATUSES.values()))[0]
        is_failed = status == "COMPLETED" and random.randrange(50) == 0
        ended = None if status == "IN_PROGRESS" else at + timedelta(seconds=5)
        yield {
            **{name: text for name, text in who.items() if name not in _OF_USERS},
            **what,
            "id": str(uuid.UUID(int=random.getrandbits(128))),
            "user_id": who["id"],
            "account_id": account["id"],
            "account_name": account["name"],
            "project_id": None,
            "version_id": version_id,
            "status": status,
            "explain": 0,
            "timeout_ms": 0,
            "total": 5,
            "completed": 4 if is_failed else 5,
            "failed": int(is_failed),
            "input_bytes": 500,
            "created_at": at,
            "submitted_at": at,
            "updated_at": ended or at,
            "started_at": at,
            "finished_at": ended,
            "total_queue_ms": 100,
            "total_latency_ms": 100,
            "inputs_deleted_at": ended,
            "hours_delete_input": 24,
        }
