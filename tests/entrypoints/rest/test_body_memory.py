"""Bodies of all requests together leave memory for others."""

import asyncio
from typing import Any

import pytest

from modelyard.app import Platform
from modelyard.entrypoints.rest.app import create_api
from modelyard.entrypoints.rest.body_memory import SMALL, BodyMemory, TooManyBodies
from tests.asgi import AsgiClient
from tests.cast import CAST, authorization
from tests.entrypoints.rest.steps import expect, expect_error

MOST = 1_000_000


def test_all_together_have_so_much() -> None:
    memory = BodyMemory(MOST)
    taken = [memory.grow(name, 0, SMALL + MOST // 4) for name in "abcd"]
    with pytest.raises(TooManyBodies):
        memory.grow("e", 0, SMALL + 1)
    assert memory.grow("e", 0, SMALL) == 0
    memory.give_back("a", taken[0])
    assert memory.grow("e", 0, SMALL + 1) == 1


def test_one_caller_has_half_of_it_or_one_body() -> None:
    memory = BodyMemory(MOST)
    large = memory.grow("a", 0, SMALL + MOST // 4)
    large = memory.grow("a", large, SMALL + MOST)
    assert large == MOST
    memory.give_back("a", large)
    half = memory.grow("a", 0, SMALL + MOST // 2)
    with pytest.raises(TooManyBodies):
        memory.grow("a", 0, SMALL + 1)
    memory.give_back("a", half)
    memory.grow("a", 0, SMALL + MOST)


async def test_a_body_too_many_is_told_to_come_again(platform: Platform) -> None:
    app = create_api(platform)
    app.state.body_memory = memory = BodyMemory(MOST)
    alice, bob = (AsgiClient(app, {"authorization": authorization(each)}) for each in (CAST.alice, CAST.bob))
    held = memory.grow(CAST.alice.user_id, 0, SMALL + MOST // 2)
    large: dict[str, Any] = {"name": "x" * (SMALL + 10_000), "version": "0.1.0"}

    answer = await alice.call("POST", "/api/models", large)
    expect_error(answer, 503, "as many large bodies")
    assert answer.headers["retry-after"] == "5"
    expect(await alice.call("POST", "/api/models", {"name": "small", "version": "0.1.0"}), 201)
    answers = await asyncio.gather(*(bob.call("POST", "/api/models", large) for _ in range(3)))
    assert {answer.status for answer in answers} == {400}, "read, and the name is too long"

    memory.give_back(CAST.alice.user_id, held)
    assert (await alice.call("POST", "/api/models", large)).status == 400
    assert memory == BodyMemory(MOST), "everything was given back"
