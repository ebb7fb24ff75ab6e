"""Knows the engines that are ready in this process, by version."""

from collections import defaultdict

from modelyard.core.bells import BellBoard
from modelyard.domain.engines.launch import RunningEngine

TOPIC = "engines"
"""Rings when an engine became ready, or went away."""


class Router:
    """Ready engines. What uses one says so, so that only idle ones are stopped."""

    def __init__(self, bells: BellBoard) -> None:
        self._bells = bells
        self._engines: defaultdict[int, dict[str, RunningEngine]] = defaultdict(dict)
        self._busy: dict[str, int] = defaultdict(int)
        self._idle_since: dict[str, float] = {}

    def add(self, engine: RunningEngine, *, now: float) -> None:
        """Announces a ready engine. `now` is monotonic seconds."""
        self._engines[engine.plan.version_id][engine.engine_id] = engine
        self._idle_since[engine.engine_id] = now
        self._bells.ring(TOPIC)

    def remove(self, engine: RunningEngine) -> None:
        """Takes an engine out; nothing new is sent to it."""
        self._engines[engine.plan.version_id].pop(engine.engine_id, None)
        self._idle_since.pop(engine.engine_id, None)
        self._busy.pop(engine.engine_id, None)
        self._bells.ring(TOPIC)

    def engines(self, version_id: int) -> list[RunningEngine]:
        """The ready engines of a version."""
        return list(self._engines.get(version_id, {}).values())

    def all_engines(self) -> list[RunningEngine]:
        """The ready engines of all versions."""
        return [engine for engines in self._engines.values() for engine in engines.values()]

    def take(self, engine: RunningEngine) -> None:
        """Marks an engine as in use."""
        if self.serves(engine):
            self._busy[engine.engine_id] += 1

    def give_back(self, engine: RunningEngine, *, worked_until: float | None) -> None:
        """Marks an engine as no longer in use by this user; None when it had nothing to do after all."""
        if engine.engine_id in self._busy:
            self._busy[engine.engine_id] -= 1
            if worked_until is not None:
                self._idle_since[engine.engine_id] = worked_until

    def serves(self, engine: RunningEngine) -> bool:
        """Whether an engine is still to be used."""
        return engine.engine_id in self._engines.get(engine.plan.version_id, {})

    def idle_seconds(self, engine: RunningEngine, *, now: float) -> float:
        """For how long nobody has used an engine; 0 while somebody does."""
        if self._busy.get(engine.engine_id):
            return 0.0
        return now - self._idle_since.get(engine.engine_id, now)
