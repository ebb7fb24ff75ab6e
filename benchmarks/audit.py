"""Lists of the audit trail among a million events against plain SQL on the same file."""

import sqlite3
import time
from typing import Any
from urllib.parse import urlencode

from benchmarks.audit_rows import person, write_rows
from benchmarks.long_lists import LongList
from benchmarks.server_process import Server

_PAGE = 50
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


measure = LongList("audit", write_rows, _cases, _list, _select).measure
