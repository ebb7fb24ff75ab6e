"""Runs a job and shows what came out of it."""

import base64
import statistics
import time
from dataclasses import dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from examples.demo.headlines import headline
from examples.demo.screen import Screen
from modelyard.entrypoints.cli.remote import Remote

SECONDS_BETWEEN_LOOKS = 0.1
LONGEST_SHOWN = 38
OUTPUT = "results.json"


@dataclass(frozen=True, slots=True)
class Item:
    """One named input, and how the table shows it."""

    name: str
    content: bytes
    shown: str


@dataclass(frozen=True, slots=True)
class Target:
    """What the job runs on: the version's input, and a media type that it takes."""

    model_id: str
    version: str
    input_name: str
    media_type: str


def run_job(server: Remote, screen: Screen, target: Target, items: list[Item]) -> None:
    """Submits all items as one job, follows it, and prints the results. Raises CommandFailed."""
    sources = {item.name: {target.input_name: to_data_uri(item.content, target.media_type)} for item in items}
    body = {
        "model": {"identifier": target.model_id, "version": target.version},
        "input": {"type": "embedded", "sources": sources},
    }
    with screen.steps() as steps, steps.step(f"       A job of {len(items)} items") as bar:
        job = server.post("/api/jobs", body)["jobIdentifier"]
        while True:
            state = server.get(f"/api/jobs/{job}")
            done = state["completed"] + state["failed"]
            bar.share(done / len(items))
            if not state["pending"]:
                break
            bar.note(f"{done} of {len(items)} done" if done else "an engine is starting")
            time.sleep(SECONDS_BETWEEN_LOOKS)
        bar.result(job)
    results = server.get(f"/api/results/{job}")
    screen.show(make_table(items, results))
    screen.say(sum_up(results))


def to_data_uri(content: bytes, media_type: str) -> str:
    """Bytes as the input type `embedded` takes them."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def make_table(items: list[Item], results: dict[str, Any]) -> Table:
    """One row for each item, in the order of submission."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    table.add_column("Item", no_wrap=True)
    table.add_column("Input", no_wrap=True, max_width=LONGEST_SHOWN, overflow="ellipsis", style="dim")
    table.add_column("Result", min_width=20, max_width=32)
    table.add_column("Score", justify="right", no_wrap=True)
    table.add_column("Time", justify="right", no_wrap=True)
    for item in items:
        if (good := results["results"].get(item.name)) is not None:
            what, score = headline(good[OUTPUT])
            result = Text(what, _style(what))
        else:
            good = results["failures"].get(item.name, {})
            result, score = Text(str(good.get("error", "There is no result.")), "red"), "-"
        table.add_row(Text(item.name), Text(item.shown), result, score, f"{good.get('modelLatency', 0)} ms")
    return table


def _style(label: str) -> str:
    return {"positive": "green", "negative": "magenta", "neutral": "default"}.get(label, "cyan")


def sum_up(results: dict[str, Any]) -> str:
    """Counts and times of a job in one line."""
    start, total = results["initialQueueTime"], results["elapsedTime"]
    latencies = [entry["modelLatency"] for entry in [*results["results"].values(), *results["failures"].values()]]
    rate = results["total"] / max(1, total - start) * 1000
    parts = [
        f"{results['total']} items: {results['completed']} good, {results['failed']} failed",
        f"{total / 1000:.1f} s in all",
        f"engine start {start / 1000:.1f} s",
        f"p50 latency {statistics.median(latencies):.0f} ms",
        f"{rate:.0f} items/s",
    ]
    return " · ".join(parts)
