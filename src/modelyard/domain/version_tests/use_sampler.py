"""Reads now and then what a container uses, as long as something is done with it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from modelyard.adapters.runtimes.base import ContainerNotFound, Runtime
from modelyard.core.errors import Unavailable
from modelyard.domain.version_tests.report import UseMeasure
from modelyard.domain.version_tests.use_samples import UseSample, sum_up_use

SECONDS_BETWEEN_READINGS = 0.5


class UseSampler:
    """The readings of one container."""

    def __init__(self, runtime: Runtime, container: str) -> None:
        self._runtime = runtime
        self._container = container
        self._samples: list[UseSample] = []

    @property
    def use(self) -> UseMeasure | None:
        """The use over all readings so far."""
        return sum_up_use(self._samples)

    async def read(self) -> None:
        """Takes one reading; none of a container that is gone, or that the runtime does not tell of."""
        with contextlib.suppress(ContainerNotFound, Unavailable):
            use = await self._runtime.resource_use(self._container)
            self._samples.append(UseSample(time.perf_counter(), use))

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Takes readings until the context ends, and one at its end."""
        task = asyncio.create_task(self._read_again_and_again())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self.read()

    async def _read_again_and_again(self) -> None:
        while True:
            await self.read()
            await asyncio.sleep(SECONDS_BETWEEN_READINGS)
