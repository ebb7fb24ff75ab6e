"""Sends the sample input to an engine again and again, so many at once, and counts what comes back."""

import asyncio
import contextlib
import time
from collections.abc import Mapping

from modelyard.domain.engines.launch import RunningEngine
from modelyard.domain.inference.request import InferenceOptions, forget_answers, infer
from modelyard.domain.version_tests.load_plan import ITEMS_PER_LEVEL, LevelPlan
from modelyard.domain.version_tests.load_tally import LoadTally
from modelyard.domain.version_tests.report import Level


class LoadRun:
    """One level. What it has counted can be read at any moment, also after `run` was broken off."""

    def __init__(
        self, engine: RunningEngine, plan: LevelPlan, inputs: Mapping[str, bytes], options: InferenceOptions
    ) -> None:
        self._engine = engine
        self._plan = plan
        self.at_once = plan.at_once
        self._items = [inputs] * plan.items_per_call
        self._options = options
        self._tally = LoadTally()
        self._left = ITEMS_PER_LEVEL
        self._turn: contextlib.AbstractAsyncContextManager[object] = (
            asyncio.Lock() if plan.takes_turns else contextlib.nullcontext()
        )
        self._began = self._last_answer = time.perf_counter()
        self._is_complete = False

    async def run(self, *, least_seconds: float, most_seconds: float) -> None:
        """Goes on until there are enough items and the least time is over; after the most no new call begins.

        Calls under way are waited for. Raises NotReachable, RunTimedOut.
        """
        self._began = self._last_answer = time.perf_counter()
        enough, end = self._began + least_seconds, self._began + most_seconds
        callers = [asyncio.create_task(self._call_repeatedly(enough, end)) for _ in range(self._plan.callers)]
        try:
            done, _ = await asyncio.wait(callers, return_when=asyncio.FIRST_EXCEPTION)
            for caller in done:
                caller.result()
        finally:
            for caller in callers:
                caller.cancel()
            await asyncio.gather(*callers, return_exceptions=True)
        self._is_complete = True

    def level(self) -> Level:
        """The level in numbers."""
        return self._tally.sum_up(self._plan, self._last_answer - self._began, is_complete=self._is_complete)

    async def _call_repeatedly(self, enough: float, end: float) -> None:
        while (self._left > 0 and time.perf_counter() < end) or time.perf_counter() < enough:
            self._left -= len(self._items)
            asked = time.perf_counter()
            async with self._turn:
                if time.perf_counter() >= end and self._tally.calls:
                    return  # who waited in the queue for too long is not served any more
                answers = await infer(self._engine, self._items, self._options)
                forget_answers(answers)
            self._last_answer = time.perf_counter()
            self._tally.count((self._last_answer - asked) * 1000, [answer.error for answer in answers])
            await asyncio.sleep(0)  # a container that answers at once must not keep everything else waiting
