"""Decides how many engines a version should have; pure rules."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

SECONDS_OF_WORK = 2.0
"""So much work one engine may have before itself until another is worth its start."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What one version is asked for.

    Args:
        open_items: items that wait or run.
        minimum, maximum: how many engines may run; the minimum counts only while the version is active.
        batch_size: items that one engine takes at once.
        licence: how many engines the account of the version may have in total; None for any number.
        seconds_per_item: how long one engine takes for an item, as measured lately; None while that is not known.
    """

    open_items: int
    minimum: int
    maximum: int
    batch_size: int = 1
    account: str = ""
    licence: int | None = None
    seconds_per_item: float | None = None


def wanted_engines(demand: Demand) -> int:
    """As many engines as the open items can keep busy for long enough to be worth a start, within the limits."""
    useful = math.ceil(demand.open_items / max(1, demand.batch_size))
    if demand.seconds_per_item is not None and useful > 1:
        useful = max(1, min(useful, math.ceil(demand.open_items * demand.seconds_per_item / SECONDS_OF_WORK)))
    return max(demand.minimum, min(demand.maximum, useful))


def within_licences(demands: Mapping[int, Demand]) -> dict[int, int]:
    """How many engines each version should have, as far as the licence of its account goes; the rest waits.

    What versions keep at all times comes first. Then each in turn gets one more: nobody waits for all that another
    wants.
    """
    given = dict.fromkeys(demands, 0)
    left = {demand.account: math.inf if demand.licence is None else demand.licence for demand in demands.values()}
    everything = {version: wanted_engines(demand) for version, demand in demands.items()}
    kept = {version: demand.minimum for version, demand in demands.items()}
    for goal in (kept, everything):
        waiting = sorted(demands)
        while waiting := [version for version in waiting if given[version] < goal[version]]:
            for version in list(waiting):
                if left[demands[version].account] < 1:
                    waiting.remove(version)
                else:
                    left[demands[version].account] -= 1
                    given[version] += 1
    return given


@dataclass(frozen=True, slots=True)
class Balance:
    """What to do about the engines of all versions.

    Args:
        wanted: how many engines each version should have.
        to_start: how many are missing and covered by the licence beside those that are there.
        to_free: how many engines of each account have to go, because others wait for them or the licence ends.
    """

    wanted: Mapping[int, int]
    to_start: Mapping[int, int]
    to_free: Mapping[str, int]


def balance(demands: Mapping[int, Demand], there: Mapping[int, int]) -> Balance:
    """Compares what versions should have with the engines that are there or start; never exceeds a licence."""
    wanted = within_licences(demands)
    in_use: Counter[str] = Counter()
    for version, number in there.items():
        in_use[demands[version].account if version in demands else ""] += number
    to_start: dict[int, int] = {}
    to_free: Counter[str] = Counter()
    # Who lacks what it keeps at all times comes first.
    for version in sorted(demands, key=lambda name: (there.get(name, 0) >= demands[name].minimum, name)):
        demand = demands[version]
        missing = max(0, wanted[version] - there.get(version, 0))
        room = missing if demand.licence is None else max(0, demand.licence - in_use[demand.account])
        to_start[version] = min(missing, room)
        in_use[demand.account] += to_start[version]
        to_free[demand.account] += missing - to_start[version]
    for account, licence in {demand.account: demand.licence for demand in demands.values()}.items():
        to_free[account] += 0 if licence is None else max(0, in_use[account] - licence)
    return Balance(wanted, to_start, to_free)


def surplus_engines(
    demand: Demand, idle: Mapping[str, float], *, idle_seconds: float, wanted: int | None = None
) -> list[str]:
    """Engines to stop: those that have been idle for longest, and never more than are too many.

    Args:
        idle: for how many seconds each engine of the version has been idle; 0 while it is in use.
        idle_seconds: after so long an engine that is not wanted may go; above the limits it goes at once.
        wanted: how many should be there, where that is not as the demand alone says.
    """
    wanted = wanted_engines(demand) if wanted is None else wanted
    unused = sorted((name for name in idle if idle[name] > 0), key=lambda name: -idle[name])
    above_limit = len(idle) - max(demand.maximum, demand.minimum)
    unwanted = unused[: max(0, len(idle) - wanted)]
    return [name for number, name in enumerate(unwanted) if number < above_limit or idle[name] >= idle_seconds]
