"""Failures are limited by address and by account; who makes no mistakes is never held up."""

import asyncio
import timeit
from contextlib import suppress

import pytest

from modelyard.core.errors import NotAuthenticated
from modelyard.domain.accounts.throttle import WINDOW_SECONDS, Throttle, TooManyFailures

ALICE, BOB = "alice@example.org", "bob@example.org"


@pytest.fixture
def throttle() -> Throttle:
    return Throttle(per_address=5, per_account=3)


def test_success_is_never_held_up(throttle: Throttle) -> None:
    for _ in range(100):
        with throttle.attempt("192.0.2.1", ALICE):
            pass


def test_account_waits_after_failures_from_anywhere(throttle: Throttle) -> None:
    for number in range(3):
        throttle.check(f"192.0.2.{number}", ALICE)
        throttle.failed(f"192.0.2.{number}", ALICE)

    with pytest.raises(TooManyFailures, match=r"wait \d+ seconds") as caught:
        throttle.check("192.0.2.99", f" {ALICE.upper()} ")

    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= WINDOW_SECONDS
    throttle.check("192.0.2.99", BOB)


def test_address_waits_whatever_account_it_tries(throttle: Throttle) -> None:
    for number in range(5):
        throttle.failed("192.0.2.1", f"user-{number}@example.org")

    with pytest.raises(TooManyFailures):
        throttle.check("192.0.2.1", "another@example.org")
    throttle.check("192.0.2.2", "another@example.org")


def test_success_forgives_the_account_but_not_the_address(throttle: Throttle) -> None:
    for _ in range(5):
        throttle.failed("192.0.2.1", ALICE)

    throttle.succeeded(ALICE)

    throttle.check("192.0.2.2", ALICE)
    with pytest.raises(TooManyFailures):
        throttle.check("192.0.2.1", ALICE)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
        ("192.0.2.1", "::ffff:192.0.2.1"),
        ("not an address", "not an address"),
    ],
)
def test_addresses_of_one_site_count_as_one(throttle: Throttle, first: str, second: str) -> None:
    for number in range(5):
        throttle.failed(first, str(number))

    with pytest.raises(TooManyFailures):
        throttle.check(second, ALICE)
    throttle.check("2001:db8:1:3::1", ALICE)


async def test_guesses_at_the_same_time_are_limited_too(throttle: Throttle) -> None:
    compared = 0

    async def guess() -> None:
        nonlocal compared
        with suppress(NotAuthenticated, TooManyFailures), throttle.attempt("192.0.2.1", ALICE):
            compared += 1
            await asyncio.sleep(0)
            raise NotAuthenticated("wrong password")

    await asyncio.gather(*[guess() for _ in range(50)])

    assert compared == 3


def test_other_errors_do_not_count(throttle: Throttle) -> None:
    for _ in range(10):
        with suppress(ZeroDivisionError), throttle.attempt("192.0.2.1", ALICE):
            raise ZeroDivisionError

    throttle.check("192.0.2.1", ALICE)


async def test_waiting_helps() -> None:
    throttle = Throttle(per_address=2, per_account=2, window_seconds=1)
    for _ in range(2):
        throttle.failed("192.0.2.1", ALICE)
    with pytest.raises(TooManyFailures):
        throttle.check("192.0.2.1", ALICE)

    await asyncio.sleep(2)

    throttle.check("192.0.2.1", ALICE)


def test_memory_is_bounded() -> None:
    throttle = Throttle(per_address=5, per_account=3, most_counted=50)

    for number in range(500):
        throttle.failed(f"10.0.{number // 256}.{number % 256}", "x" * number)

    for failures in (throttle._addresses, throttle._accounts, throttle._there):
        assert len(failures._counted) <= 50
        assert not failures._running
    for number in range(100):
        with throttle.attempt("10.1.0.0", str(number)):
            pass
    assert len(throttle._at_home) <= 50


def test_many_others_do_not_make_an_account_forgotten_before_its_turn() -> None:
    throttle = Throttle(per_address=5, per_account=3, most_counted=50)
    for number in range(3):
        throttle.failed(f"192.0.2.{number}", ALICE)

    for number in range(49):
        throttle.failed(f"10.0.0.{number}", f"user-{number}")

    with pytest.raises(TooManyFailures):
        throttle.check("192.0.2.99", ALICE)


def test_an_account_waits_where_it_failed_before_it_waits_everywhere() -> None:
    throttle = Throttle(per_address=50, per_account=6, per_account_there=3)
    for _ in range(3):
        throttle.failed("192.0.2.1", ALICE)

    with pytest.raises(TooManyFailures):
        throttle.check("192.0.2.1", ALICE)
    throttle.check("192.0.2.2", ALICE)
    throttle.check("192.0.2.1", BOB)


def test_strangers_do_not_lock_somebody_out_of_where_they_signed_in() -> None:
    throttle = Throttle(per_address=50, per_account=6, per_account_there=3)
    with throttle.attempt("192.0.2.1", ALICE):
        pass
    for number in range(10, 16):
        throttle.failed(f"192.0.2.{number}", ALICE)

    with pytest.raises(TooManyFailures):
        throttle.check("192.0.2.99", ALICE)
    with throttle.attempt("192.0.2.1", ALICE):
        pass


def test_the_good_case_costs_next_to_nothing() -> None:
    throttle = Throttle(per_address=30, per_account=10)

    def sign_in() -> None:
        with throttle.attempt("192.0.2.1", ALICE):
            pass

    assert min(timeit.repeat(sign_in, number=200, repeat=5)) / 200 < 0.001
