"""The history among a million jobs against plain SQL on the same file."""

import sqlite3
import time
from typing import Any
from urllib.parse import urlencode

from benchmarks.history_rows import MODELS, NEVER_MET, PEOPLE, model, person, write_rows
from benchmarks.long_lists import LongList
from benchmarks.server_process import Server

_PAGE = 50
_CONDITIONS = {
    "status": "status = ?",
    "model": "model_name LIKE '%' || ? || '%'",
    "modelIdentifier": "model_id = ?",
    "modelVersion": "version = ?",
    "user": "user_id IN (SELECT id FROM users WHERE email LIKE '%' || ? || '%' OR last_name LIKE '%' || ? || '%')",
    "accessKey": "key_prefix LIKE '%' || ? || '%'",
    "startDate": "created_at >= ?",
    "endDate": "created_at <= ?",
    "search": "(id LIKE ? || '%' OR model_name LIKE '%' || ? || '%')",
}


def _cases(middle: dict[str, Any]) -> dict[str, dict[str, str]]:
    often, seldom, rare = person(0), person(PEOPLE - 1), model(MODELS - 1)
    day = f"{middle['created_at']:%Y-%m-%d}"
    some_days = {"startDate": day, "endDate": f"{day}T23:59:59Z"}
    return {
        "all": {},
        "a status that is frequent": {"status": "COMPLETED"},
        "a status that is rare": {"status": "IN_PROGRESS"},
        "a status that never was": {"status": "OPEN"},
        "all that ended": {"status": "TERMINATED"},
        "with errors": {"status": "TERMINATED_WITH_ERROR"},
        "a model that is frequent": {"modelIdentifier": model(0)["model_id"]},
        "a model that ran long ago": {"model": "ship"},
        "many models": {"model": "group 3"},
        "a model that never was": {"model": "nothing"},
        "a version of many models": {"modelVersion": "0.1.0"},
        "a version that never was": {"modelVersion": "9.9.9"},
        "a person who does much": {"user": often["email"]},
        "a person who was there long ago": {"user": seldom["last_name"]},
        "a key": {"accessKey": person(150)["key_prefix"]},
        "a search for a job": {"search": middle["id"]},
        "a search for an old model": {"search": "ship det"},
        "a search for nothing": {"search": "nowhere to be found"},
        "half a year ago": some_days,
        "a person and a model of others": {"user": often["email"], "modelIdentifier": rare["model_id"]},
        "a person and a model who never met": {
            "user": person(NEVER_MET[0])["email"],
            "modelIdentifier": model(NEVER_MET[1])["model_id"],
        },
        "a key and a model of others": {"accessKey": often["key_prefix"], "modelIdentifier": rare["model_id"]},
        "a model and a seldom status": {"modelIdentifier": model(0)["model_id"], "status": "CANCELED"},
        "a person and a seldom status": {"user": often["email"], "status": "IN_PROGRESS"},
        "a model, a status, a day": {"model": "group 3", "status": "COMPLETED", **some_days},
        "a person, a model, a version, a status": {
            "user": often["email"],
            "model": "group 1",
            "modelVersion": "0.1.0",
            "status": "CANCELED",
        },
    }


def _list(server: Server, wanted: dict[str, str]) -> float:
    query = urlencode({**wanted, "per-page": _PAGE, "page": 1})
    began = time.perf_counter()
    server.call("GET", f"/api/jobs/history?{query}")
    return time.perf_counter() - began


def _select(database: sqlite3.Connection, wanted: dict[str, str]) -> float:
    """As one would write it at first; categories of statuses as all that they hold."""
    began = time.perf_counter()
    filters = {name: text for name, text in wanted.items() if not text.startswith("TERMINATED")}
    conditions = " AND ".join(["1", *(_CONDITIONS[name] for name in filters)])
    statement = f"SELECT * FROM jobs WHERE {conditions} ORDER BY created_at DESC, id LIMIT {_PAGE}"  # noqa: S608
    values = [text.replace("T", " ").rstrip("Z") if "Date" in name else text for name, text in filters.items()]
    repeated = [value for name, value in zip(filters, values, strict=True) for _ in range(_CONDITIONS[name].count("?"))]
    database.execute(statement, repeated).fetchall()
    return time.perf_counter() - began


measure = LongList("history", write_rows, _cases, _list, _select).measure
