"""Sends again what failed for the moment, where that can do no harm."""

import random
from dataclasses import dataclass, field
from typing import Any

from modelyard.client.errors import Unreachable
from modelyard.client.exchange import Answer, Operation, Pause, Request, T

NOT_DONE = frozenset({429, 503})
"""The server says that it did nothing, when it says as well after how long to try again."""
PERHAPS_DONE = frozenset({502, 503, 504})
"""Nobody knows what was done."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and after how many seconds; `most` 0 for never. Pauses double, and differ between clients."""

    most: int = 5
    first_pause: float = 0.25
    longest_pause: float = 10.0
    longest_wait: float = 60.0
    """A server that asks for more is not asked again."""
    chance: random.Random = field(default_factory=random.Random)

    def pause(self, attempt: int, wanted: float | None = None) -> float | None:
        """Seconds before the next attempt after `attempt` have failed; None for no further one."""
        if attempt > self.most or (wanted or 0) > self.longest_wait:
            return None
        usual: float = min(self.longest_pause, self.first_pause * 2 ** (attempt - 1)) * self.chance.uniform(0.5, 1)
        return max(usual, wanted or 0)


def may_repeat(request: Request, outcome: Answer | Unreachable) -> bool:
    """Whether sending it again is safe, and can help."""
    if request.save_to is not None:  # some of it may be written
        return False
    if isinstance(outcome, Unreachable):
        return request.is_repeatable or not outcome.was_sent
    if outcome.status == 429 or (outcome.status in NOT_DONE and outcome.retry_after is not None):
        return True
    return outcome.status in PERHAPS_DONE and request.is_repeatable


def retrying(operation: Operation[T], retries: Retries) -> Operation[T]:
    """The same operation, whose requests are repeated before it hears of a failure."""
    reply: Any = None
    error: BaseException | None = None
    try:
        while True:
            step = operation.throw(error) if error is not None else operation.send(reply)
            reply = error = None
            try:
                reply = (yield from _attempts(step, retries)) if isinstance(step, Request) else (yield step)
            except GeneratorExit:
                raise
            except BaseException as raised:  # noqa: BLE001 - whatever it is, the operation decides
                error = raised
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        operation.close()


def _attempts(request: Request, retries: Retries) -> Operation[Answer]:
    attempt = 0
    while True:
        attempt += 1
        outcome: Answer | Unreachable
        try:
            outcome = yield request
        except Unreachable as error:
            outcome = error
        is_good = isinstance(outcome, Answer) and outcome.status < 400
        wanted = outcome.retry_after if isinstance(outcome, Answer) else None
        pause = retries.pause(attempt, wanted) if not is_good and may_repeat(request, outcome) else None
        if pause is not None:
            yield Pause(pause)
        elif isinstance(outcome, Answer):
            return outcome
        else:
            raise outcome
