"""How the sample is sent, for each protocol and batch size."""

import pytest

from modelyard.domain.version_tests.load_plan import MOST_BYTES_AT_ONCE, plan_level, too_much_at_once
from modelyard.domain.version_tests.report import Mode


@pytest.mark.parametrize(
    ("protocol", "batch_size", "at_once", "mode", "callers", "items_per_call", "takes_turns"),
    [
        ("http-v1", 1, 1, Mode.ONE_BY_ONE, 1, 1, True),
        ("http-v1", 1, 16, Mode.ONE_BY_ONE, 16, 1, True),
        ("grpc-v2", 1, 1, Mode.CONCURRENT, 1, 1, False),
        ("grpc-v2", 1, 4, Mode.CONCURRENT, 4, 1, False),
        ("grpc-v2", 8, 1, Mode.BATCH, 1, 1, False),
        ("grpc-v2", 8, 4, Mode.BATCH, 1, 4, False),
        ("grpc-v2", 8, 16, Mode.BATCH, 2, 8, False),
        ("grpc-v2", 5, 16, Mode.BATCH, 4, 5, False),
        ("grpc-v2", 64, 16, Mode.BATCH, 1, 16, False),
    ],
)
def test_plan(
    protocol: str, batch_size: int, at_once: int, mode: Mode, callers: int, items_per_call: int, takes_turns: bool
) -> None:
    plan = plan_level(at_once, protocol=protocol, batch_size=batch_size)

    assert (plan.mode, plan.callers, plan.items_per_call, plan.takes_turns) == (
        mode,
        callers,
        items_per_call,
        takes_turns,
    )
    assert plan.explanation


def test_the_explanation_says_what_was_done() -> None:
    assert "HTTP v1 takes one item" in plan_level(4, protocol="http-v1", batch_size=1).explanation
    assert plan_level(16, protocol="grpc-v2", batch_size=8).explanation.startswith("2 calls at the same time")


@pytest.mark.parametrize(
    ("protocol", "at_once", "item_bytes", "is_too_much"),
    [
        ("grpc-v2", 16, MOST_BYTES_AT_ONCE // 16, False),
        ("grpc-v2", 16, MOST_BYTES_AT_ONCE // 16 + 1, True),
        ("grpc-v2", 1, MOST_BYTES_AT_ONCE * 10, False),
        ("http-v1", 16, MOST_BYTES_AT_ONCE * 10, False),  # one at a time is in memory
    ],
)
def test_large_samples(protocol: str, at_once: int, item_bytes: int, is_too_much: bool) -> None:
    why = too_much_at_once(plan_level(at_once, protocol=protocol, batch_size=1), item_bytes)

    assert (why is not None) == is_too_much
    assert why is None or "was not measured" in why
