"""Runs items through one engine and says of each what became of it; every face and every test uses this."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from modelyard.adapters.container_protocols.base import InputData, ItemOutcome, RunFailed, UnexpectedAnswer
from modelyard.domain.engines.launch import RunningEngine
from modelyard.domain.inference.outputs import OutputFile, check_outputs
from modelyard.domain.models.contract import DeclaredOutput

Items = Sequence[Mapping[str, InputData]]
"""For each item its inputs by name."""
LARGEST_OUTPUT = 1_073_741_824
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
    """What became of one item: outputs, or an error text. Never both."""

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
    return [judge(outcome, options.outputs) for outcome in await ask(engine, items, options)]


async def ask(engine: RunningEngine, items: Items, options: InferenceOptions) -> list[ItemOutcome]:
    """What the model makes of items, unchecked. Raises as the container protocol does."""
    return await engine.connection.run(
        list(items),
        timeout=options.run_timeout * len(items),
        explain=options.explain and engine.facts.explains,
        detect_drift=options.detect_drift and engine.facts.detects_drift,
        max_output_bytes=options.max_output_bytes,
    )


def judge(outcome: ItemOutcome, declared: tuple[DeclaredOutput, ...]) -> Answer:
    """What counts of an outcome: outputs that are as declared, or what is wrong."""
    if outcome.error is not None:
        return Answer(error=_sentence(outcome.error))
    outputs, problem = check_outputs(outcome.outputs, declared)
    return Answer(error=_sentence(problem)) if problem else Answer(outputs)


def _sentence(text: str) -> str:
    return text.strip()[:2000] or "the model failed without saying why"
