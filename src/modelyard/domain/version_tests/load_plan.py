"""Decides how the sample input is sent so many times at once; pure rules."""

from dataclasses import dataclass

from modelyard.core.counted import counted
from modelyard.domain.version_tests.report import Mode

LEVELS = (1, 4, 16)
"""How many items are under way at once."""
ITEMS_PER_LEVEL = 100
"""A level ends after so many items at the earliest; of 100 the slowest but one is their p99."""
MOST_BYTES_AT_ONCE = 134_217_728
"""Inputs and outputs of all items under way: they are in our memory, too."""
ONE_BY_ONE_PROTOCOL = "http-v1"


@dataclass(frozen=True, slots=True)
class LevelPlan:
    """How one level is run.

    Args:
        callers: how many wait for answers, each sending again when it has one.
        items_per_call: how many items a caller sends in one call.
        takes_turns: only one caller is served at a time.
    """

    at_once: int
    mode: Mode
    callers: int
    items_per_call: int
    takes_turns: bool
    explanation: str


def plan_level(at_once: int, *, protocol: str, batch_size: int) -> LevelPlan:
    """The plan for so many items at once."""
    if protocol == ONE_BY_ONE_PROTOCOL:
        text = f"{at_once} items waited, and one at a time was sent: HTTP v1 takes one item for each call"
        alone = "one item at a time, as HTTP v1 takes them"
        return LevelPlan(at_once, Mode.ONE_BY_ONE, at_once, 1, True, alone if at_once == 1 else text)
    if batch_size > 1:
        size = min(at_once, batch_size)
        callers = -(-at_once // size)
        calls = "one call with" if callers == 1 else f"{callers} calls at the same time, each with"
        items = counted(size, "item")
        text = f"{calls} {items}; the container takes up to {batch_size} items in one call"
        return LevelPlan(at_once, Mode.BATCH, callers, size, False, text)
    text = "one call at a time" if at_once == 1 else f"{at_once} calls at the same time, one item each"
    return LevelPlan(at_once, Mode.CONCURRENT, at_once, 1, False, text)


def too_much_at_once(plan: LevelPlan, item_bytes: int) -> str | None:
    """Why a level is left out for its size; None when it is not. One item is always sent.

    Args:
        item_bytes: inputs and outputs of one item.
    """
    under_way = 1 if plan.takes_turns else plan.callers * plan.items_per_call
    if under_way == 1 or under_way * item_bytes <= MOST_BYTES_AT_ONCE:
        return None
    size, most = under_way * item_bytes / 1e6, MOST_BYTES_AT_ONCE / 1e6
    return (
        f"{plan.at_once} at once was not measured: inputs and outputs of the sample would take {size:.0f} MB "
        f"at a time, and {most:.0f} MB is the limit of a measurement."
    )
