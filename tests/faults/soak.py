"""Strikes real servers again and again while they run jobs: `make soak`, or `python -m tests.faults.soak --help`."""

import random
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

import click

from tests.faults.jobs import OutcomesWrong, Sent, check, check_leftovers, send
from tests.faults.strikes import ALONE, SHARED, Strike
from tests.faults.targets import Target, lone_server, two_servers


def strike_during(
    target: Target, strikes: Mapping[str, Strike], names: list[str], chance: random.Random, items: int
) -> dict[str, int]:
    """One round: a large job and small ones meanwhile, faults one after the other, and then all outcomes.

    Raises OutcomesWrong.
    """
    sent = [send(target, _texts(items, chance))]
    over = threading.Event()
    small: list[Sent] = []
    failed: list[OutcomesWrong] = []

    def go_on_sending() -> None:
        while not over.wait(0.5):
            try:
                small.append(send(target, _texts(3, chance), seconds=120))
            except OutcomesWrong as error:
                failed.append(error)
                return

    sender = threading.Thread(target=go_on_sending)
    sender.start()
    try:
        for name in names:
            time.sleep(chance.uniform(0.2, 2))
            click.echo(f"  {name}")
            strikes[name](target, chance)
    finally:
        over.set()
        sender.join()
    if failed:
        raise failed[0]
    counts: dict[str, int] = {}
    for job in [*sent, *small]:
        for what, number in check(target, job).items():
            counts[what] = counts.get(what, 0) + number
    check_leftovers(target)
    return counts


def _texts(number: int, chance: random.Random) -> dict[str, str]:
    """Quick and slower items; some are so large that they go to the storage."""
    return {
        f"item {each}": f"{each} please:sleeps-{chance.choice((0, 2, 10))} " + "x" * chance.choice((0,) * 9 + (90_000,))
        for each in range(number)
    }


PLACES: dict[str, tuple[Callable[[], AbstractContextManager[Target]], dict[str, Strike]]] = {
    "alone": (lone_server, ALONE),
    "shared": (two_servers, SHARED),
}


@click.command(help=__doc__)
@click.option("--minutes", type=float, default=10, show_default=True)
@click.option("--seed", type=int, default=None, help="To see the same again.  [default: by the clock]")
@click.option("--items", type=int, default=2000, show_default=True, help="Of the large job of each round.")
@click.option("--only", multiple=True, type=click.Choice(sorted(ALONE | SHARED)), help="Only these faults.")
@click.option("--place", multiple=True, type=click.Choice(list(PLACES)), help="Only these servers.  [default: all]")
def main(minutes: float, seed: int | None, items: int, only: tuple[str, ...], place: tuple[str, ...]) -> None:
    seed = int(time.time()) if seed is None else seed
    click.echo(f"seed {seed}")
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    places = place or tuple(PLACES)
    rounds = 0
    for name in places:
        opened, strikes = PLACES[name]
        chosen = {fault: strikes[fault] for fault in strikes if not only or fault in only}
        with opened() as target:
            click.echo(f"{name}: " + "; ".join(chosen))
            rounds += _soak(target, chosen, chance, minutes / len(places), items, seed)
    click.echo(f"{rounds} rounds, nothing lost")


def _soak(
    target: Target, strikes: dict[str, Strike], chance: random.Random, minutes: float, items: int, seed: int
) -> int:
    rounds, until = 0, time.monotonic() + 60 * minutes
    while not rounds or time.monotonic() < until:
        rounds += 1
        names = chance.sample(list(strikes), k=min(len(strikes), chance.randint(1, 3)))
        click.echo(f"round {rounds}, {max(0.0, until - time.monotonic()) / 60:.1f} minutes left")
        try:
            click.echo(f"  {strike_during(target, strikes, names, chance, items)} {target.leftovers}")
        except OutcomesWrong as error:
            click.echo(f"seed {seed}, round {rounds}: {error}", err=True)
            for server in target.servers:
                log = server.data_dir.with_suffix(".log").read_text(errors="replace").splitlines()
                click.echo("\n".join(log[-200:]), err=True)
            sys.exit(1)
        target.leftovers.clear()
    return rounds


if __name__ == "__main__":
    main()
