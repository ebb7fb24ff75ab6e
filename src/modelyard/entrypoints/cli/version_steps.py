"""The steps of a version that take time, shown while the server does them."""

import time
from typing import TYPE_CHECKING

from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit
from modelyard.entrypoints.cli.steps import Bar

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.answers import Thing
    from modelyard.entrypoints.cli.remote import Remote

SECONDS_BETWEEN_LOOKS = 0.3


class ModelTestFailed(CommandFailed):
    """The container did not load, or did not answer the test file as it should."""

    def __init__(self, test: str, result: "Thing") -> None:
        details = result.get("technicalInformation") or ""
        super().__init__(f"The {test} failed: {result.get('error')}\n{details}".rstrip(), Exit.INVALID_INPUT)


def follow(server: "Remote", path: str, bar: Bar, already_done: float = 0.0) -> "Thing":
    """Shows how far something is until it has ended; returns the last state."""
    while True:
        state = server.get(path)
        share = float(state.get("percentage", 0)) / 100
        bar.share(already_done + (1 - already_done) * share)
        if share >= 1:
            return state
        bar.note(str(state.get("stepName", "")))
        time.sleep(SECONDS_BETWEEN_LOOKS)


def run_test(server: "Remote", version: str, kind: str, bar: Bar) -> None:
    """Does the `load` or `run` test of the version at a path. Raises ModelTestFailed."""
    path = f"{version}/{kind}-process"
    server.post(path)
    result = follow(server, path, bar).get("result", {})
    if result.get("status") != "SUCCESSFUL":
        raise ModelTestFailed(f"{kind} test", result)
    bar.result(f"passed after {result.get('elapsedTime', 0) / 1000:.1f} s")


def has_passed(version: "Thing", kind: str) -> bool:
    """Whether a version has passed its `load` or `run` test."""
    test = version.get(f"{kind}Status", {})
    return bool(test.get("result", {}).get("status") == "SUCCESSFUL")


def activate(server: "Remote", version: str, bar: Bar) -> list[str]:
    """Makes the version at a path active, or asks for its approval; returns whom that breaks."""
    answer = server.patch(version, {"status": "active"})
    is_active = answer.get("status") == "active"
    bar.result("active" if is_active else "waits for approval: see `modelyard approvals list`")
    return [str(one) for one in answer.get("warnings", [])]
