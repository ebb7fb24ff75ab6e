"""Items through one engine: as many answers as items, and no item spoils another."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from modelyard.adapters.container_protocols.base import ItemOutcome, ModelFacts, NotReachable, RunTimedOut
from modelyard.adapters.container_protocols.fake import FakeProgram, FakeProtocol
from modelyard.domain.engines.launch import RunningEngine
from modelyard.domain.engines.plan import EnginePlan
from modelyard.domain.inference.request import InferenceOptions, infer
from modelyard.domain.models.contract import DeclaredOutput
from tests.machine import answer_json

OPTIONS = InferenceOptions((DeclaredOutput("results.json", "application/json", 1000),), run_timeout=5)
PLAN = EnginePlan(1, "model", "0.1.0", "image", "amd64", (8080,), 10**9, 1000, 0, 5.0)


def engine(program: FakeProgram) -> RunningEngine:
    """An engine that needs no container."""
    return RunningEngine(
        "id",
        "name",
        "container",
        "fake",
        8080,
        FakeProtocol(program),
        program.facts,
        PLAN,
        Path("/nowhere/engine/exchange"),
    )


def _items(*texts: str) -> list[Mapping[str, bytes]]:
    return [{"input.txt": text.encode()} for text in texts]


def _picky(inputs: Mapping[str, bytes]) -> ItemOutcome:
    return ItemOutcome({}, error="  too bad\n") if b"bad" in inputs["input.txt"] else answer_json(inputs)


async def test_answers_come_in_the_order_of_the_items() -> None:
    program = FakeProgram(answer=_picky)
    answers = await infer(engine(program), _items("good", "bad", "good"), OPTIONS)

    assert [answer.error for answer in answers] == [None, "too bad", None]
    assert [len(answer.outputs) for answer in answers] == [1, 0, 1]
    assert len(program.runs) == 1


@pytest.mark.parametrize("broken", [FakeProgram(run_error="no batch"), FakeProgram(forgets_outputs=1)])
async def test_batch_that_fails_as_a_whole_is_repeated_item_by_item(broken: FakeProgram) -> None:
    broken.runs.clear()
    answers = await infer(engine(broken), _items("a", "b", "c"), OPTIONS)

    assert [len(run) for run in broken.runs] == [3, 1, 1, 1]
    assert len(answers) == 3
    assert all(answer.error and not answer.outputs for answer in answers)


async def test_wrong_output_fails_its_item() -> None:
    program = FakeProgram(answer=lambda _: ItemOutcome({"results.json": b"no json"}))
    (answer,) = await infer(engine(program), _items("a"), OPTIONS)

    assert answer.error == "the output 'results.json' is declared as application/json, but is not JSON"


async def test_error_without_words_gets_some() -> None:
    program = FakeProgram(answer=lambda _: ItemOutcome({}, error=" "))
    (answer,) = await infer(engine(program), _items("a"), OPTIONS)

    assert answer.error


@pytest.mark.parametrize(
    ("program", "error"), [(FakeProgram(drops_runs=True), NotReachable), (FakeProgram(run_hangs=True), RunTimedOut)]
)
async def test_engine_that_is_of_no_use_any_more(program: FakeProgram, error: type[Exception]) -> None:
    options = InferenceOptions(OPTIONS.outputs, run_timeout=0.01)
    with pytest.raises(error):
        await infer(engine(program), _items("a", "b"), options)


@pytest.mark.parametrize("able", [True, False])
async def test_flags_reach_only_programs_that_know_them(able: bool) -> None:
    program = FakeProgram(facts=ModelFacts(explains=able, detects_drift=able), answer=answer_json)
    options = InferenceOptions(OPTIONS.outputs, 5, explain=True, detect_drift=True)
    await infer(engine(program), _items("a"), options)

    assert program.flags == [(able, able)]
