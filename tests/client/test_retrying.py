"""Which requests are sent again, and after how long."""

import random
from typing import Any

import pytest

from modelyard.client.errors import LimitReached, NotFound, Unavailable, Unreachable
from modelyard.client.exchange import Answer, Operation, Pause, Request, Step, Talk, call, read_json
from modelyard.client.retrying import Retries, may_repeat, retrying

RETRIES = Retries(most=3, chance=random.Random(1))  # noqa: S311 - only spreads clients
GET, POST = Request("GET", "/api/jobs"), Request("POST", "/api/jobs", body={})
LOST, NEVER_SENT = Unreachable("lost", was_sent=True), Unreachable("no server", was_sent=False)
GOOD, BUSY = Answer(200, b"{}"), Answer(503, b'{"message":"busy"}', {"retry-after": "2"})


def _play(operation: Operation[Any], outcomes: list[Answer | Exception]) -> tuple[list[Step], Talk[Any]]:
    """Gives these outcomes to the requests of an operation; returns the steps and how it ended."""
    talk, steps, left = Talk(retrying(operation, RETRIES)), [], iter(outcomes)
    while not talk.is_over:
        assert talk.step is not None
        steps.append(talk.step)
        outcome = next(left) if isinstance(talk.step, Request) else None
        talk.fail(outcome) if isinstance(outcome, Exception) else talk.reply(outcome)
    return steps, talk


@pytest.mark.parametrize(
    ("request_", "outcome", "expected"),
    [
        (GET, LOST, True),
        (POST, LOST, False),
        (POST, NEVER_SENT, True),
        (Request("POST", "/", may_repeat=True), LOST, True),
        (POST, Answer(429), True),
        (POST, Answer(503), False),
        (POST, BUSY, True),
        (GET, Answer(502), True),
        (GET, Answer(500), False),
        (GET, Answer(404), False),
    ],
)
def test_what_is_sent_again(request_: Request, outcome: Answer | Unreachable, expected: bool) -> None:
    assert may_repeat(request_, outcome) is expected


def test_a_download_is_not_begun_again_in_the_same_file(tmp_path: Any) -> None:
    with (tmp_path / "file").open("wb") as file:
        assert not may_repeat(Request("GET", "/", save_to=file), LOST)


def test_pauses_grow_and_heed_the_server() -> None:
    steps, talk = _play(call(GET), [LOST, BUSY, GOOD])
    pauses = [step.seconds for step in steps if isinstance(step, Pause)]

    assert talk.result == GOOD
    assert 0.125 <= pauses[0] <= 0.25
    assert pauses[1] == 2
    assert Retries().pause(1, wanted=86_400) is None


def test_it_gives_up_with_the_last_failure() -> None:
    with pytest.raises(Unavailable, match="busy"):
        _play(call(GET), [BUSY] * 4)
    with pytest.raises(Unreachable):
        _play(call(POST), [LOST])
    with pytest.raises(LimitReached) as caught:
        _play(call(POST), [Answer(429, b"", {"retry-after": "9999"})])
    assert caught.value.retry_after == 9999


def test_an_operation_hears_of_failures_and_can_go_on() -> None:
    def tries_another() -> Operation[str]:
        try:
            yield from call(GET)
        except NotFound:
            yield from call(POST)
        return "done"

    steps, talk = _play(tries_another(), [Answer(404), GOOD])

    assert (len(steps), talk.result) == (2, "done")


def test_an_interrupted_operation_cleans_up() -> None:
    def guarded() -> Operation[None]:
        try:
            yield from call(GET)
        except BaseException:
            yield from call(Request("DELETE", "/api/jobs/1"))
            raise

    talk = Talk(retrying(guarded(), RETRIES))
    talk.fail(KeyboardInterrupt())

    assert talk.step == Request("DELETE", "/api/jobs/1")
    with pytest.raises(KeyboardInterrupt):
        talk.reply(GOOD)


def test_answers_that_are_not_of_our_server() -> None:
    from modelyard.client.errors import NotOurServer

    for answer in (Answer(200, b"<html>"), Answer(200, b"[" * 100_000)):
        with pytest.raises(NotOurServer):
            read_json(answer)
    with pytest.raises(NotOurServer, match="elsewhere"):
        _play(call(GET), [Answer(302)])
