"""Logs: lines on standard error, as JSON when wanted, and no values of variables in them."""

import subprocess
import sys

import msgspec
import pytest

SCRIPT = """
from modelyard.core.logs import configure_logs, log
configure_logs(json={json}, level={level!r})
log.debug("a detail")
log.info("hello", number=1)
def fail(password):
    raise ValueError("broken")
try:
    fail("hunter" + "2")
except ValueError as error:
    log.error("failed", exc_info=error)
"""


def _run(*, json: bool, level: str) -> str:
    command = [sys.executable, "-c", SCRIPT.format(json=json, level=level)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == ""
    return done.stderr


def test_json_lines_have_level_time_and_values() -> None:
    lines = [msgspec.json.decode(line) for line in _run(json=True, level="info").splitlines()]

    assert [line["event"] for line in lines] == ["hello", "failed"]
    assert lines[0]["number"] == 1
    assert lines[0]["level"] == "info"
    assert lines[0]["timestamp"].endswith("Z")
    assert "ValueError: broken" in lines[1]["exception"]


@pytest.mark.parametrize("json", [True, False])
def test_tracebacks_show_no_values(json: bool) -> None:
    text = _run(json=json, level="debug")

    assert "a detail" in text
    assert "ValueError: broken" in text
    assert "hunter2" not in text
