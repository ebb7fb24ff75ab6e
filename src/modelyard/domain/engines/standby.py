"""Warm standby: engines that nobody needs any more are paused for a while, since going on is quicker than starting."""

import contextlib
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from modelyard.core.errors import PlatformError
from modelyard.core.logs import log
from modelyard.domain.engines.launch import Launcher, RunningEngine


@dataclass(frozen=True, slots=True)
class StandbyLimits:
    """How many engines may be paused at once on this machine, as each keeps its memory; and for how many seconds."""

    most: int
    seconds: float


class Standby:
    """The paused engines of this process."""

    def __init__(self, launcher: Launcher, limits: StandbyLimits) -> None:
        self._launcher = launcher
        self._limits = limits
        self._paused: defaultdict[int, dict[str, tuple[float, RunningEngine]]] = defaultdict(dict)

    def has_room(self) -> bool:
        """Whether one more may be paused."""
        return self._limits.seconds > 0 and len(list(self._all())) < self._limits.most

    async def pause(self, engine: RunningEngine) -> bool:
        """Freezes an engine that nobody uses; False where that cannot be done, and it is to be stopped."""
        try:
            await self._launcher.runtime.pause_container(engine.container)
        except PlatformError as error:
            log.info("an engine could not be paused", engine=engine.name, reason=error.message)
            return False
        self.put_back(engine)
        return True

    def take(self, version_id: int) -> RunningEngine | None:
        """A paused engine of a version, which is not known here from then on."""
        waiting = self._paused.get(version_id)
        return waiting.popitem()[1][1] if waiting else None

    def put_back(self, engine: RunningEngine) -> None:
        """An engine that was taken stays paused after all."""
        self._paused[engine.plan.version_id][engine.engine_id] = (time.monotonic(), engine)

    async def resume(self, engine: RunningEngine) -> RunningEngine:
        """Lets an engine go on and makes sure that it answers. Raises PlatformError when it does not."""
        await self._launcher.runtime.unpause_container(engine.container)
        await engine.connection.close()  # what was open may have been broken meanwhile
        return await self._launcher.reconnect(
            engine.engine_id,
            engine.name,
            engine.container,
            engine.plan,
            protocol=engine.protocol_name,
            port=engine.port,
        )

    def forget(self, engine: RunningEngine) -> None:
        """An engine is gone."""
        self._paused[engine.plan.version_id].pop(engine.engine_id, None)

    def take_expired(self, versions_to_end: set[int], *, now: float) -> list[RunningEngine]:
        """Engines that were paused for long enough, or whose versions may have none; not known here from then on."""
        expired = [
            engine
            for since, engine in self._all()
            if now - since >= self._limits.seconds or engine.plan.version_id in versions_to_end
        ]
        for engine in expired:
            self.forget(engine)
        return expired

    def take_all(self) -> list[RunningEngine]:
        """Everything, for the end of the process."""
        return self.take_expired(set(self._paused), now=time.monotonic())

    async def thaw(self, engine: RunningEngine) -> None:
        """Lets a paused container go on, so that its program can be asked to end."""
        with contextlib.suppress(PlatformError):
            await self._launcher.runtime.unpause_container(engine.container)

    def versions(self) -> set[int]:
        """The versions that have paused engines."""
        return {engine.plan.version_id for _, engine in self._all()}

    def _all(self) -> Iterator[tuple[float, RunningEngine]]:
        for engines in self._paused.values():
            yield from engines.values()
