"""Jobs on a warm engine against calling the same program directly."""

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from benchmarks.deployment import deploy, engines_ready, names_tidied, submit, wait_for
from benchmarks.images import model_image
from benchmarks.plain_container import GrpcCalls, HttpCalls, free_port, plain_container
from benchmarks.server_process import Server, running_server
from benchmarks.turns import Comparison, Scale, by_turns, percentile

GOAL = "ratio ≥ 0.8"
SUBMIT_GOAL = "p99 < 20 ms"
_BATCH = 8
_CLIENTS = 8


def measure(scale: Scale) -> Iterator[Comparison]:
    """A model of one millisecond, by each container protocol, one engine each."""
    for protocol, batch_size in (("http-v1", 1), ("grpc-v2", 1), ("grpc-v2", _BATCH)):
        image = model_image(protocol, batch_size=batch_size)
        with names_tidied(image), running_server() as server:
            model, _ = deploy(server, image, protocol, engines=(1, 1))
            while not engines_ready(server):
                time.sleep(0.05)
            yield from _one_engine(scale, server, model, image, protocol, batch_size)
            if protocol == "http-v1":
                yield from _submissions(scale, server, model)


def _one_engine(
    scale: Scale, server: Server, model: str, image: str, protocol: str, batch_size: int
) -> Iterator[Comparison]:
    is_grpc = protocol == "grpc-v2"
    items = scale.of(1000, 20)
    with plain_container(image, port=free_port(), host_network=is_grpc) as container:
        calls = GrpcCalls(container) if is_grpc else HttpCalls(container)
        calls.wait_until_ready()
        if batch_size == 1:
            ours, theirs = by_turns(
                scale.of(50, 3), lambda: _job(server, model, 1), lambda: _direct(calls.run, 1, 1), warm_up=True
            )
            yield Comparison(f"job of 1 item, {protocol}", "one direct call", ours, theirs)
        ours, theirs = by_turns(
            scale.of(3),
            lambda: _job(server, model, items),
            lambda: _direct(calls.run, items, batch_size),
        )
        by_eight = f" by {batch_size}" if batch_size > 1 else ""
        yield Comparison(f"job of {items:,} items, {protocol}{by_eight}", f"direct calls{by_eight}", ours, theirs, GOAL)
        if batch_size == 1:
            many = scale.of(10_000, 40)
            direct = [_direct(calls.run, many, 1)]
            yield Comparison(
                f"job of {many:,} items, {protocol}", "direct calls", [_job(server, model, many)], direct, GOAL
            )
            ours = [_small_jobs(server, model, many)]
            yield Comparison(f"{many:,} jobs of 1 item by {_CLIENTS} clients, {protocol}", "direct calls", ours, direct)
        calls.close()


def _submissions(scale: Scale, server: Server, model: str) -> Iterator[Comparison]:
    """While the items of earlier submissions run."""
    with (
        tempfile.TemporaryDirectory(prefix="my-bench-") as directory,
        closing(_plain_database(Path(directory))) as database,
    ):
        ours, theirs = by_turns(
            scale.of(300, 5), lambda: _submission(server, model), lambda: _commit(database), warm_up=True
        )
    yield Comparison("submit a job of 1 item", "one durable commit", ours, theirs)
    worst = percentile(ours, 99), percentile(theirs, 99)
    yield Comparison(f"… p99 of {len(ours)}", "… its p99", worst[:1], worst[1:], SUBMIT_GOAL)


def _job(server: Server, model: str, items: int) -> float:
    began = time.perf_counter()
    wait_for(
        server, submit(server, model, items), pause=0.002 if items == 1 else 0.25
    )  # clients ask every second or two
    return time.perf_counter() - began


def _small_jobs(server: Server, model: str, jobs: int) -> float:
    """Seconds from the first submission until nothing is pending; each client has a connection of its own."""
    clients = [Server(server.port, server.process, server.data_dir) for _ in range(_CLIENTS)]

    def submit_some(client: Server) -> None:
        for _ in range(jobs // _CLIENTS):
            submit(client, model)

    began = time.perf_counter()
    with ThreadPoolExecutor(_CLIENTS) as pool:
        list(pool.map(submit_some, clients))
    server.until("/api/jobs?status=PENDING&page=1&per-page=1", lambda pending: not pending, pause=0.25)
    return time.perf_counter() - began


def _direct(run: Callable[[int], None], items: int, batch_size: int) -> float:
    began = time.perf_counter()
    for _ in range(items // batch_size):
        run(batch_size)
    return time.perf_counter() - began


def _submission(server: Server, model: str) -> float:
    began = time.perf_counter()
    submit(server, model)
    return time.perf_counter() - began


def _plain_database(directory: Path) -> sqlite3.Connection:
    database = sqlite3.connect(directory / "plain.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE job (id INTEGER PRIMARY KEY, text TEXT)")
    return database


def _commit(database: sqlite3.Connection) -> float:
    began = time.perf_counter()
    database.execute("INSERT INTO job (text) VALUES (?)", ("What a good day." * 20,))
    return time.perf_counter() - began
