"""Jobs under way while faults strike, and what has to be true of each of them afterwards."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any, cast

from tests.faults.books import check_books
from tests.faults.targets import Target
from tests.journeys.programs import exchange_entries, wait_until
from tests.journeys.server import Answer, containers_of

SECONDS_TO_END = 240
REPEATED = 10_000
"""Characters of a text that the program gives back."""
_REFUSED = {503}
"""Submissions may fail while a fault holds; they are sent again, as a client does."""


@dataclass(frozen=True)
class Sent:
    """A job that the server has acknowledged, and its texts by item."""

    job: str
    texts: dict[str, str]


class OutcomesWrong(AssertionError):
    """A job does not show what was promised."""


def send(target: Target, texts: dict[str, str], *, seconds: float = 60) -> Sent:
    """Submits a job of texts, again until the server takes it. Raises OutcomesWrong when it never does."""
    body = {
        "model": {"identifier": target.model_id, "version": "0.1.0"},
        "input": {"type": "text", "sources": {name: {"input.txt": text} for name, text in texts.items()}},
    }
    deadline = time.monotonic() + seconds
    while True:
        answer = _call(target, "POST", "/api/jobs", body)
        if answer is not None and answer.status == 202:
            return Sent(cast(str, answer.json["jobIdentifier"]), texts)
        if answer is not None and answer.status not in _REFUSED:
            raise OutcomesWrong(f"a submission was answered with {answer.status}: {answer.body[:500]!r}")
        if time.monotonic() > deadline:
            raise OutcomesWrong(f"no submission was taken for {seconds} s; last: {answer}")
        time.sleep(0.2)


def check(target: Target, sent: Sent) -> dict[str, int]:
    """Waits for the end of a job; then each item has one outcome, and all counts agree. Returns how many did what.

    Raises OutcomesWrong.
    """
    results = _finished(target, sent.job)
    job = target.server.call("GET", f"/api/jobs/{sent.job}").json
    good, bad = results["results"], results["failures"]
    told = {
        "every item": (set(good) | set(bad)) == set(sent.texts),
        "one outcome": not set(good) & set(bad),
        "results' counts": (results["total"], results["completed"], results["failed"])
        == (len(sent.texts), len(good), len(bad)),
        "job's counts": (job["total"], job["completed"], job["failed"]) == (len(sent.texts), len(good), len(bad)),
        "job's status": job["status"] == "COMPLETED",
        "errors": all(item.get("error") for item in bad.values()),
        "own results": all(_text_of(item) == sent.texts[name][:REPEATED] for name, item in good.items()),
    }
    if wrong := [what for what, is_so in told.items() if not is_so]:
        counts = {key: results.get(key) for key in ("total", "completed", "failed")}
        raise OutcomesWrong(f"job {sent.job}: wrong: {wrong}; {counts}; {len(good)} good, {len(bad)} bad; {job}")
    return {"good": len(good), "bad": len(bad)} | _causes(bad)


def check_leftovers(target: Target) -> None:
    """Once nothing is under way: no container, no file of a run, books that add up, and an audit trail that is whole.

    Raises OutcomesWrong.
    """
    if wrong := check_books(target):
        raise OutcomesWrong("; ".join(wrong))
    for server in target.servers:
        if not wait_until(lambda one=server: not containers_of(one), seconds=90):
            raise OutcomesWrong(f"containers are left: {containers_of(server)}")
        if not wait_until(lambda one=server: not exchange_entries(one), seconds=20):
            raise OutcomesWrong(f"files of runs are left: {exchange_entries(server)}")
    verify = [sys.executable, "-m", "modelyard", "audit", "verify", "--data-dir", str(target.server.data_dir)]
    environment = {**os.environ, **target.server.settings}
    run = subprocess.run(verify, capture_output=True, text=True, timeout=60, check=False, env=environment)
    if run.returncode:
        raise OutcomesWrong(f"the audit trail is damaged: {run.stdout} {run.stderr}")


def _finished(target: Target, job: str) -> dict[str, Any]:
    deadline = time.monotonic() + SECONDS_TO_END
    while True:
        answer = _call(target, "GET", f"/api/results/{job}")
        if answer is not None and answer.status == 200 and answer.json["finished"]:
            return cast(dict[str, Any], answer.json)
        if time.monotonic() > deadline:
            seen = {key: answer.json.get(key) for key in ("total", "completed", "failed")} if answer else None
            raise OutcomesWrong(f"job {job} has not ended after {SECONDS_TO_END} s: {seen}")
        time.sleep(0.25)


def _call(target: Target, method: str, path: str, body: Any = None) -> Answer | None:
    answer = target.server.call(method, path, body)
    return answer if answer.status else None  # nobody listens for a moment


def _text_of(item: dict[str, Any]) -> str:
    return cast(str, item["results.json"]["data"]["result"]["inputs"]["input.txt"]["text"])


def _causes(bad: dict[str, Any]) -> dict[str, int]:
    causes: dict[str, int] = {}
    for item in bad.values():
        cause = str(item["error"])[:120]
        causes[cause] = causes.get(cause, 0) + 1
    return causes
