"""After a restart: finds the containers of the process before, keeps those that are wanted, removes the rest."""

from modelyard.adapters.runtimes.base import RuntimeUnavailable
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.core.logs import log
from modelyard.domain.engines.launch import ENGINE_LABEL, INSTALLATION_LABEL, Launcher, RunningEngine
from modelyard.domain.engines.plan import plan_for
from modelyard.domain.engines.rows import end_engine, live_engines, load_version, set_engine
from modelyard.domain.engines.tables import Engine, EngineState, Purpose


class Adoption:
    """Brings the table of engines and the containers of the runtime together.

    Args:
        owners: what the names of those begin with whose engines these can be; others look after their own.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        launcher: Launcher,
        *,
        owner: str,
        installation: str,
        owners: str = "",
    ) -> None:
        self._database = database
        self._clock = clock
        self._launcher = launcher
        self._owner = owner
        self._installation = installation
        self._owners = owners

    async def adopt(self) -> list[RunningEngine]:
        """Takes over ready engines; ends all others, and removes containers that no row knows."""
        async with self._database.read() as session:
            rows = await live_engines(session, self._owners)
        adopted = []
        for row in rows:
            engine = await self._try_adopt(row)
            if engine:
                adopted.append(engine)
            else:
                await self._end(row)
        await self.remove_orphans()
        # Of engines that others have ended, as this process was dead, there are files, but no container any more.
        await self._launcher.remove_left_over([engine.engine_id for engine in adopted])
        log.info("engines of the process before", adopted=len(adopted), ended=len(rows) - len(adopted))
        return adopted

    async def end_all(self) -> None:
        """Ends every engine, and removes every container of this installation."""
        async with self._database.read() as session:
            rows = await live_engines(session, self._owners)
        for row in rows:
            await self._end(row)
        await self.remove_orphans()

    async def remove_orphans(self) -> int:
        """Removes containers that carry our label but belong to no live engine; returns how many."""
        containers = await self._launcher.runtime.list_containers(INSTALLATION_LABEL, self._installation)
        async with self._database.read() as session:
            live = {row.id for row in await live_engines(session)}
        orphans = [state for state in containers if state.labels.get(ENGINE_LABEL) not in live]
        for state in orphans:
            await self._launcher.remove(state.labels.get(ENGINE_LABEL, state.name), state.container_id)
        return len(orphans)

    async def _try_adopt(self, row: Engine) -> RunningEngine | None:
        if row.state != EngineState.READY or row.purpose != Purpose.SERVE or not row.container:
            return None
        async with self._database.read() as session:
            version = await load_version(session, row.version_id)
        try:
            engine = await self._launcher.reconnect(
                row.id, row.name, row.container, plan_for(version), protocol=row.protocol or "", port=row.port or 0
            )
        except RuntimeUnavailable:
            raise
        except (PlatformError, OSError, KeyError) as error:  # also: no exchange directory, a protocol of old
            log.info("an engine does not answer any more", engine=row.name, reason=str(error))
            return None
        async with self._database.write() as session:
            await set_engine(session, row.id, owner=self._owner)
        return engine

    async def _end(self, row: Engine) -> None:
        await self._launcher.remove(row.id, row.container)
        async with self._database.write() as session:
            await end_engine(session, self._clock, row.id)
