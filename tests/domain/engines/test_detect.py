"""Finding the protocol: what each answer of a program says about it."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from modelyard.adapters.container_protocols.base import Endpoint, UnexpectedAnswer
from modelyard.adapters.container_protocols.fake import FakeFactory, FakeProgram
from modelyard.domain.engines.detect import Candidate, Detection

NOWHERE = Endpoint(Path("none.sock"), Path("none"))


def detection(*programs: FakeProgram) -> Detection:
    return Detection(
        [
            Candidate(f"protocol {number}", 8000, FakeFactory(program).connect(NOWHERE))
            for number, program in enumerate(programs)
        ]
    )


async def ask(found: Detection, times: int = 1, timeout: float = 5.0) -> Sequence[bool]:
    return [await found.ask(timeout=timeout) for _ in range(times)]


async def test_the_first_that_is_ready_is_found() -> None:
    found = detection(FakeProgram(listens=False), FakeProgram())

    assert await ask(found) == [True]
    assert found.found is found.candidates[1]
    assert found.facts is not None


async def test_one_that_says_not_yet_is_asked_alone_from_then_on() -> None:
    deaf, loading = FakeProgram(listens=False), FakeProgram(not_ready_calls=2)
    found = detection(deaf, loading)

    assert await ask(found) == [False]
    deaf.listens = True
    assert await ask(found, 2) == [False, True]
    assert found.found is found.candidates[1]
    assert "loading" in found.last_word


async def test_one_that_does_not_answer_may_still_be_another() -> None:
    found = detection(FakeProgram(status_hangs=True), FakeProgram())

    assert await ask(found, 1, timeout=0.6) == [False]
    assert found.found is None
    assert "did not answer" in found.last_word


async def test_all_candidates_together_keep_to_the_timeout() -> None:
    hanging = [FakeProgram(status_hangs=True) for _ in range(5)]
    found = detection(*hanging)

    async def duration() -> float:
        began = time.monotonic()
        await found.ask(timeout=0.2)
        return time.monotonic() - began

    assert await duration() < 0.6


async def test_it_ends_when_every_candidate_is_ruled_out() -> None:
    found = detection(FakeProgram(speaks_protocol=False), FakeProgram(speaks_protocol=False))

    with pytest.raises(UnexpectedAnswer, match=r"protocol 0 on port 8000: .*; protocol 1 on port 8000: "):
        await found.ask(timeout=5)


async def test_one_that_turns_out_to_speak_otherwise_is_ruled_out() -> None:
    turning, other = FakeProgram(not_ready_calls=1), FakeProgram(listens=False)
    found = detection(turning, other)

    assert await ask(found) == [False]
    turning.speaks_protocol = False
    assert await ask(found) == [False]
    other.listens = True
    assert await ask(found) == [True]
    assert found.found is found.candidates[0]


async def test_a_port_that_answers_otherwise_is_not_asked_for_ever() -> None:
    found = detection(FakeProgram(listens=False), FakeProgram(speaks_protocol=False))

    with pytest.raises(UnexpectedAnswer):
        await ask(found, 10)
    assert [candidate.protocol_name for candidate in found.ruled_out] == ["protocol 1", "protocol 0"]
