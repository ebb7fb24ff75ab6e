"""Runs items through one engine and says of each what became of it; every face and every test uses this."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from modelyard.adapters.container_protocols.base import (
    ExchangeFull,
    InputData,
    ItemOutcome,
    NotReachable,
    RunFailed,
    UnexpectedAnswer,
)
from modelyard.adapters.container_protocols.output_files import (
    LargeOutput,
    OutputChanged,
    OutputGone,
    forget_outputs,
)
from modelyard.domain.engines.launch import RunningEngine
from modelyard.domain.inference.outputs import OutputFile, check_outputs
from modelyard.domain.models.contract import DeclaredOutput

Items = Sequence[Mapping[str, InputData]]
"""For each item its inputs by name."""
LARGEST_OUTPUT = 68_719_476_736
"""Bytes, whatever a version declares."""
_SPARE_BYTES = 1_048_576
"""Beside the declared outputs a model may return others, such as an error text."""


@dataclass(frozen=True, slots=True)
class InferenceOptions:
    """How a version's items are run. Timeout in seconds for one item."""

    outputs: tuple[DeclaredOutput, ...]
    run_timeout: float
    explain: bool = False
    detect_drift: bool = False

    @property
    def max_output_bytes(self) -> int:
        """All outputs of one item together."""
        return min(LARGEST_OUTPUT, _SPARE_BYTES + sum(output.maximum_size for output in self.outputs))


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one item: outputs, or an error text. Never both.

    Whoever gets it removes the files among the outputs, see `forget_answers`.
    """

    outputs: tuple[OutputFile, ...] = ()
    error: str | None = None


async def infer(engine: RunningEngine, items: Items, options: InferenceOptions) -> list[Answer]:
    """Runs items at once, as many as the engine takes, and gives as many answers, in their order.

    A run that fails as a whole is repeated item by item, so that one bad item spoils no other.
    Raises NotReachable and RunTimedOut, after which the engine is not to be used again.
    """
    try:
        return await _run(engine, items, options)
    except (RunFailed, UnexpectedAnswer) as error:
        if len(items) == 1:
            return [Answer(error=_sentence(error.message))]
    return [(await infer(engine, [item], options))[0] for item in items]


async def _run(engine: RunningEngine, items: Items, options: InferenceOptions) -> list[Answer]:
    outcomes = await ask(engine, items, options)
    answers: list[Answer] = []
    try:
        for outcome in outcomes:
            answers.append(await judge(outcome, options.outputs))  # noqa: PERF401 - kept on the way
    except BaseException:
        forget_answers(answers)
        for outcome in outcomes:
            forget_outputs(outcome.outputs.values())
        raise
    return answers


async def ask(engine: RunningEngine, items: Items, options: InferenceOptions) -> list[ItemOutcome]:
    """What the model makes of items, unchecked. Raises as the container protocol does."""
    return await engine.connection.run(
        list(items),
        timeout=options.run_timeout * len(items),
        explain=options.explain and engine.facts.explains,
        detect_drift=options.detect_drift and engine.facts.detects_drift,
        max_output_bytes=options.max_output_bytes,
    )


async def judge(outcome: ItemOutcome, declared: tuple[DeclaredOutput, ...]) -> Answer:
    """What counts of an outcome: outputs that are as declared, or what is wrong; then no file is left of them.

    Raises NotReachable when they have gone with the engine, ExchangeFull.
    """
    if outcome.error is not None:
        return Answer(error=_sentence(outcome.error))
    try:
        if any(isinstance(data, LargeOutput) for data in outcome.outputs.values()):
            outputs, problem = await asyncio.to_thread(check_outputs, outcome.outputs, declared)
        else:
            outputs, problem = check_outputs(outcome.outputs, declared)
    except OutputChanged as error:
        outputs, problem = (), error.message
    except OutputGone as error:
        raise NotReachable(error.message) from error
    except OSError as error:
        raise ExchangeFull from error
    if problem is None:
        return Answer(outputs)
    forget_outputs(outcome.outputs.values())
    return Answer(error=_sentence(problem))


def forget_answers(answers: Iterable[Answer]) -> None:
    """Removes the files among the outputs of answers."""
    for answer in answers:
        forget_outputs(output.data for output in answer.outputs)


def _sentence(text: str) -> str:
    return text.strip()[:2000] or "the model failed without saying why"
