"""Strikes a real server again and again while it runs jobs: `make soak`, or `python -m tests.faults.soak --help`."""

import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from tests.faults.jobs import OutcomesWrong, Sent, check, check_leftovers, send
from tests.faults.strikes import STRIKES
from tests.journeys.conftest import end_server
from tests.journeys.programs import ProgramRegistry, deploy
from tests.journeys.server import Server
from tests.servers import docker_registry

ROOM = "3g"
"""A server wants 2 GB to start."""
ENGINES = {"minimumParallelCapacity": 0, "maximumParallelCapacity": 2}
TIMES = {"status": 20_000, "run": 5_000}


def can_mount() -> bool:
    """Whether this process may mount a file system."""
    with tempfile.TemporaryDirectory(prefix="my-mount-") as directory:
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            return False
        subprocess.run(["umount", directory], check=True)
        return True


@contextmanager
def own_file_system(place: Path) -> Iterator[Path]:
    """A small file system in memory, which can be filled up without harm to anything else."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def faulty_server() -> Iterator[tuple[Server, str]]:
    """A server on a file system of its own, and the identifier of an active model."""
    with (
        tempfile.TemporaryDirectory(prefix="my-faults-") as directory,
        tempfile.TemporaryDirectory(prefix="my-registry-") as registry,
        own_file_system(Path(directory)) as place,
        docker_registry(Path(registry)) as address,
    ):
        settings = {"MODELYARD_INSECURE_REGISTRIES": address, "MODELYARD_ENGINE_IDLE_SECONDS": "2"}
        server = Server(place / "data", settings=settings)
        try:
            server.start()
            reference = ProgramRegistry(address).misbehaving()
            model_id, _ = deploy(server, reference, processing=ENGINES, timeout=TIMES)
            yield server, model_id
        finally:
            end_server(server)


def strike_during(server: Server, model_id: str, names: list[str], chance: random.Random, items: int) -> dict[str, int]:
    """One round: a large job and small ones meanwhile, faults one after the other, and then all outcomes.

    Raises OutcomesWrong.
    """
    sent = [send(server, model_id, _texts(items, chance))]
    over = threading.Event()
    small: list[Sent] = []
    failed: list[OutcomesWrong] = []

    def go_on_sending() -> None:
        while not over.wait(0.5):
            try:
                small.append(send(server, model_id, _texts(3, chance), seconds=120))
            except OutcomesWrong as error:
                failed.append(error)
                return

    sender = threading.Thread(target=go_on_sending)
    sender.start()
    try:
        for name in names:
            time.sleep(chance.uniform(0.2, 2))
            click.echo(f"  {name}")
            STRIKES[name](server, chance)
    finally:
        over.set()
        sender.join()
    if failed:
        raise failed[0]
    counts: dict[str, int] = {}
    for job in [*sent, *small]:
        for what, number in check(server, job).items():
            counts[what] = counts.get(what, 0) + number
    check_leftovers(server)
    return counts


def _texts(number: int, chance: random.Random) -> dict[str, str]:
    """Quick and slower items; some are so large that they go to the storage."""
    return {
        f"item {each}": f"{each} please:sleeps-{chance.choice((0, 2, 10))} " + "x" * chance.choice((0,) * 9 + (90_000,))
        for each in range(number)
    }


@click.command(help=__doc__)
@click.option("--minutes", type=float, default=10, show_default=True)
@click.option("--seed", type=int, default=None, help="To see the same again.  [default: by the clock]")
@click.option("--items", type=int, default=2000, show_default=True, help="Of the large job of each round.")
@click.option("--only", multiple=True, type=click.Choice(list(STRIKES)), help="Only these faults.")
def main(minutes: float, seed: int | None, items: int, only: tuple[str, ...]) -> None:
    seed = int(time.time()) if seed is None else seed
    click.echo(f"seed {seed}")
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    with faulty_server() as (server, model_id):
        rounds, until = 0, time.monotonic() + 60 * minutes
        try:
            while not rounds or time.monotonic() < until:
                rounds += 1
                names = chance.sample(only or list(STRIKES), k=min(len(only or STRIKES), chance.randint(1, 3)))
                click.echo(f"round {rounds}, {max(0.0, until - time.monotonic()) / 60:.1f} minutes left")
                click.echo(f"  {strike_during(server, model_id, names, chance, items)}")
        except OutcomesWrong as error:
            click.echo(f"seed {seed}, round {rounds}: {error}", err=True)
            log = server.data_dir.with_suffix(".log").read_text(errors="replace").splitlines()
            click.echo("\n".join(log[-200:]), err=True)
            sys.exit(1)
    click.echo(f"{rounds} rounds, nothing lost")


if __name__ == "__main__":
    main()
