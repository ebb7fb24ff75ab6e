"""Runs inside the environment of `modzy-sdk`: takes calls as lines of JSON, makes them, answers as lines of JSON.

A call is `{"on": <number of an earlier answer, or null for the client>, "path": "jobs.submit_text", "args": [],
"keywords": {}}`; the first line is the address and the key instead. `{"$bytes": "<base64>"}` stands for bytes.
"""

import base64
import contextlib
import json
import sys
import time
from functools import reduce
from typing import Any

from modzy import ApiClient  # type: ignore[import-not-found]


def main() -> None:
    """Serves until the input ends."""
    answers = sys.stdout
    hello = json.loads(sys.stdin.readline())
    kept: list[Any] = []
    clients: list[Any] = []

    def connect() -> str:
        clients.append(ApiClient(hello["address"], hello["key"]))
        return str(clients[0].base_url)

    with contextlib.redirect_stdout(sys.stderr):
        reply(answers, kept, connect)
        for line in sys.stdin:
            client = clients[0]
            call = json.loads(line, object_hook=to_bytes)
            target = client if call["on"] is None else kept[call["on"]]
            function = reduce(getattr, call["path"].split("."), target)
            reply(answers, kept, lambda: function(*call["args"], **call["keywords"]))  # noqa: B023 - called at once


def reply(answers: Any, kept: list[Any], call: Any) -> None:
    """Makes the call and writes what became of it."""
    began = time.monotonic()
    try:
        value = call()
    except Exception as error:  # noqa: BLE001 - whatever the client raises is the answer
        answer: dict[str, Any] = {"error": type(error).__name__, "message": str(error)}
    else:
        kept.append(value)
        answer = {"value": value, "number": len(kept) - 1}
    answer["seconds"] = time.monotonic() - began
    print(json.dumps(answer, default=str), file=answers, flush=True)


def to_bytes(value: dict[str, Any]) -> Any:
    """Bytes cannot travel in JSON as they are."""
    return base64.b64decode(value["$bytes"]) if set(value) == {"$bytes"} else value


if __name__ == "__main__":
    main()
