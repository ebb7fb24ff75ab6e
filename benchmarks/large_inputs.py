"""Large inputs, uploaded in chunks and run, and large outputs, against plain copies; and what memory that takes."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.deployment import INPUT, deploy, names_tidied, wait_for
from benchmarks.images import model_image
from benchmarks.server_process import Server, running_server
from benchmarks.turns import Comparison, Scale, by_turns

CHUNK = 1 << 20
"""What the clients send at once."""
LARGE_CHUNK = 16 << 20
"""What they may send."""
MOST_MEMORY = 64.0
"""MiB above an idle server."""
_MEGABYTE = 1_000_000


def measure(scale: Scale) -> Iterator[Comparison]:
    """Inputs and outputs of 100 MB and of 1 GB on one warm engine."""
    image = model_image("http-v1")
    with names_tidied(image), running_server(MODELYARD_ENGINE_IDLE_SECONDS="3600") as server:
        model, _ = deploy(server, image, "large", engines=(1, 1), largest_input=2_000 * _MEGABYTE)
        giver, _ = deploy(server, image, "giver", engines=(1, 1), largest_output=2_000 * _MEGABYTE)
        for megabytes in (scale.of(100, 10), scale.of(1000, 20)):
            with tempfile.TemporaryDirectory(prefix="my-bench-") as directory:
                yield from _measure(scale, server, model, megabytes, Path(directory))
                yield from _measure_outputs(scale, server, giver, megabytes, Path(directory))


def _measure(scale: Scale, server: Server, model: str, megabytes: int, folder: Path) -> Iterator[Comparison]:
    source, copy = folder / "source", folder / "copy"
    with source.open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(_MEGABYTE))
    memory: list[float] = []

    def run(chunk: int) -> tuple[float, float]:
        idle = _memory_now(server)
        _forget_peak(server)
        times = _upload_and_run(server, model, source, chunk)
        memory.append(_peak_memory(server) - idle)
        return times

    rounds = scale.of(3)
    copies: list[float] = []
    runs: list[float] = []
    for chunk in (CHUNK, LARGE_CHUNK):
        ours, theirs = by_turns(rounds, lambda: run(chunk), lambda: (_copy(source, copy), 0.0), warm_up=True)  # noqa: B023
        uploads, seconds = [times[0] for times in ours], [times[0] for times in theirs]
        yield Comparison(f"upload {megabytes:,} MB, {chunk >> 20} MiB at once", "one copy, synced", uploads, seconds)
        runs += [times[1] for times in ours]
        copies += seconds
    yield Comparison(f"run a job of {megabytes:,} MB", "one copy, synced", runs, copies)
    goal = "< 64 MiB above idle"
    yield Comparison(f"peak memory for {megabytes:,} MB", "the limit", memory, [MOST_MEMORY], goal, "MiB")


def _measure_outputs(scale: Scale, server: Server, model: str, megabytes: int, folder: Path) -> Iterator[Comparison]:
    source, copy = folder / "source", folder / "copy"  # as large as the output
    memory: list[float] = []

    def run() -> float:
        idle = _memory_now(server)
        _forget_peak(server)
        began = time.perf_counter()
        body = {"type": "text", "sources": {"item": {INPUT: f"give {megabytes * _MEGABYTE}"}}}
        job = server.call("POST", "/api/jobs", {"model": {"identifier": model, "version": "0.1.0"}, "input": body})
        wait_for(server, str(job["jobIdentifier"]), pause=0.02)
        seconds = time.perf_counter() - began
        memory.append(_peak_memory(server) - idle)
        return seconds

    ours, theirs = by_turns(scale.of(3), run, lambda: _copy(source, copy), warm_up=True)
    yield Comparison(f"run a job that gives {megabytes:,} MB", "one copy, synced", ours, theirs)
    goal = "< 64 MiB above idle"
    yield Comparison(f"peak memory for {megabytes:,} MB given", "the limit", memory, [MOST_MEMORY], goal, "MiB")


def _upload_and_run(server: Server, model: str, source: Path, chunk: int) -> tuple[float, float]:
    """Seconds until everything is uploaded, and from there until the result."""
    began = time.perf_counter()
    opened = server.call("POST", "/api/jobs", {"model": {"identifier": model, "version": "0.1.0"}})
    job = str(opened["jobIdentifier"])
    with source.open("rb") as file:
        while piece := file.read(chunk):
            server.append(f"/api/jobs/{job}/item/{INPUT}", piece)
    uploaded = time.perf_counter()
    server.call("POST", f"/api/jobs/{job}/close")
    wait_for(server, job, pause=0.02)
    return uploaded - began, time.perf_counter() - uploaded


def _copy(source: Path, copy: Path) -> float:
    began = time.perf_counter()
    shutil.copyfile(source, copy)
    with copy.open("rb+") as file:
        os.fsync(file.fileno())
    seconds = time.perf_counter() - began
    copy.unlink()
    return seconds


def _forget_peak(server: Server) -> None:
    Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")


def _memory_now(server: Server) -> float:
    return _mebibytes(server, "VmRSS")


def _peak_memory(server: Server) -> float:
    return _mebibytes(server, "VmHWM")


def _mebibytes(server: Server, name: str) -> float:
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(f"{name}:"))) / 1024
