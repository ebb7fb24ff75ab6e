"""Shows events of the audit trail as they come."""

import contextlib
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from modelyard.entrypoints.cli.clean_text import writable
from modelyard.entrypoints.cli.exit_codes import CommandFailed
from modelyard.entrypoints.cli.paths import at
from modelyard.entrypoints.cli.remote import Remote
from modelyard.entrypoints.cli.shown import Column, Screen, cell

SECONDS_BETWEEN = 2.0
AT_ONCE = 1000


def follow_events(
    server: Remote, screen: Screen, query: Mapping[str, object], columns: Sequence[Column], first: int
) -> None:
    """Shows the newest events, then each new one, the newest last, until it is interrupted."""
    seen = 0
    with contextlib.suppress(KeyboardInterrupt):
        events = _newest(server, query, first, 0)
        while True:
            for event in reversed(events):
                seen = max(seen, _number(event))
                screen.line(_line(event, columns, screen.form))
            time.sleep(SECONDS_BETWEEN)
            events = _newest(server, query, None, seen)


def _newest(server: Remote, query: Mapping[str, object], most: int | None, after: int) -> list[dict[str, Any]]:
    """Events after a number, the newest first."""
    found: list[dict[str, Any]] = []
    for page in server.pages(at("api", "audit"), {**query, "per-page": min(AT_ONCE, most or AT_ONCE)}):
        new = [event for event in page if _number(event) > after]
        found += new
        if len(new) < len(page) or (most is not None and len(found) >= most):
            break
    return found[:most]


def _number(event: Mapping[str, Any]) -> int:
    number = event.get("identifier")
    if not isinstance(number, int):
        raise CommandFailed("The server's events have no numbers; they cannot be followed.")
    return number


def _line(event: dict[str, Any], columns: Sequence[Column], form: str) -> str:
    if form == "json":
        return json.dumps(event)
    return writable("  ".join(cell(event, where) for _, where in columns))
