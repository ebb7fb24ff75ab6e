"""Who guesses keys has to wait; who knows theirs does not."""

import pytest

from modelyard.domain.accounts.throttle import TooManyFailures
from modelyard.domain.accounts.wrong_keys import WrongKeys

HERE, THERE = "192.0.2.7", "198.51.100.7"


def _guess(wrong_keys: WrongKeys, number: int, *, address: str = HERE, prefix: str = "") -> None:
    wrong_keys.check(address, prefix or f"prefix{number}")
    wrong_keys.was_wrong(address, prefix or f"prefix{number}", f"body{number}")


@pytest.fixture
def wrong_keys() -> WrongKeys:
    return WrongKeys(per_address=5, per_prefix=3)


def test_an_address_that_guesses_has_to_wait(wrong_keys: WrongKeys) -> None:
    for number in range(5):
        _guess(wrong_keys, number)

    with pytest.raises(TooManyFailures) as caught:
        wrong_keys.check(HERE, "any")
    assert caught.value.retry_after is not None
    assert 1 <= caught.value.retry_after <= 300
    wrong_keys.check(THERE, "any")


def test_the_neighbours_in_an_ipv6_network_are_one(wrong_keys: WrongKeys) -> None:
    for number in range(5):
        _guess(wrong_keys, number, address=f"2001:db8::{number}")

    with pytest.raises(TooManyFailures):
        wrong_keys.check("2001:db8::ffff", "any")
    wrong_keys.check("2001:db8:0:1::1", "any")


def test_the_same_wrong_key_again_is_no_guess(wrong_keys: WrongKeys) -> None:
    for _ in range(100):
        _guess(wrong_keys, 1)

    wrong_keys.check(HERE, "any")


def test_a_key_that_was_right_from_there_goes_on(wrong_keys: WrongKeys) -> None:
    wrong_keys.was_right(HERE, "mine")
    for number in range(5):
        _guess(wrong_keys, number)

    wrong_keys.check(HERE, "mine")
    with pytest.raises(TooManyFailures):
        wrong_keys.check(HERE, "yours")


def test_a_guest_is_forgotten_after_a_while() -> None:
    wrong_keys = WrongKeys(per_address=5, per_prefix=3, seconds_a_guest=-1.0)
    wrong_keys.was_right(HERE, "mine")
    for number in range(5):
        _guess(wrong_keys, number)

    with pytest.raises(TooManyFailures):
        wrong_keys.check(HERE, "mine")


def test_wrong_bodies_of_one_prefix_wait_wherever_they_come_from(wrong_keys: WrongKeys) -> None:
    for number in range(3):
        _guess(wrong_keys, number, address=f"192.0.2.{number}", prefix="alice")

    with pytest.raises(TooManyFailures):
        _guess(wrong_keys, 9, address=THERE, prefix="alice")
    wrong_keys.check(THERE, "alice")  # a right body is not asked any further
    _guess(wrong_keys, 9, address=THERE, prefix="bob")


def test_what_is_remembered_is_bounded() -> None:
    wrong_keys = WrongKeys(per_address=1000, per_prefix=1000, most_remembered=10)
    for number in range(100):
        wrong_keys.was_right(HERE, f"prefix{number}")
        _guess(wrong_keys, number)

    assert len(wrong_keys._guests) == len(wrong_keys._seen) == 10


@pytest.mark.parametrize("text", ["", "x" * 100_000, "\x00", "\ud800", "\xff"])
def test_whatever_is_sent(wrong_keys: WrongKeys, text: str) -> None:
    wrong_keys.check(text, text)
    wrong_keys.was_wrong(text, text, text)
