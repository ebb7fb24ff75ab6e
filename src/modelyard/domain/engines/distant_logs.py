"""What engines of other processes print: asked for in the database, and answered there by who runs the engine.

Processes need no addresses of each other for it, and workers no port of their own.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import delete, func, select, update

from modelyard.core.database import Database, ring_after_commit
from modelyard.core.errors import Conflict, PlatformError, Unavailable
from modelyard.core.ids import new_uuid
from modelyard.core.logs import log
from modelyard.domain.engines.tables import Engine, LogPiece, LogRequest
from modelyard.domain.work.tables import Process

REQUESTS = "log requests"
"""Rings when somebody asks."""
ANSWERS = "log answers"
"""Rings when there is more of an answer."""
SECONDS_TO_ANSWER = 10.0
SECONDS_BETWEEN_BEATS = 3.0
SECONDS_UNTIL_UNWANTED = 15.0
"""Without a beat of who asked."""
SECONDS_OF_A_PIECE = 0.2
CHARACTERS_OF_A_PIECE = 65_536
MOST_UNREAD = 16
"""Pieces of one answer; then the engine's output waits to be read."""
MOST_AT_ONCE = 32
"""Requests that one process answers; others wait."""
_LINES_AHEAD = 1_000
_SECONDS_BETWEEN_LOOKS = 3.0


class ReadLog(Protocol):
    """Says what an engine of this process prints: so many lines from the end, and what follows them."""

    def __call__(self, engine: Engine, *, lines: int, follow: bool) -> AsyncIterator[str]: ...


class EngineElsewhere(Conflict):
    """The process that runs the engine does not say what it prints."""

    def __init__(self, engine: Engine, why: str) -> None:
        super().__init__(f"What the engine {engine.name} prints cannot be read now: {why}.")


async def read_distant_log(database: Database, engine: Engine, *, lines: int, follow: bool) -> AsyncGenerator[str]:
    """What an engine of another process prints. Raises EngineElsewhere."""
    asking = _Asking(database, engine)
    await asking.begin(lines=lines, follow=follow)
    try:
        while True:
            for piece in await asking.take():
                if piece.text:
                    yield piece.text
                if piece.error:
                    raise EngineElsewhere(engine, piece.error)
                if piece.is_last:
                    return
            await asking.wait()
    finally:
        await asyncio.shield(asking.end())


class _Asking:
    """One request, seen from who asks."""

    def __init__(self, database: Database, engine: Engine) -> None:
        self._database = database
        self._engine = engine
        self._id = new_uuid()
        self._host = ""
        self._bell = database.bells.listen(ANSWERS)
        self._is_answered = False
        self._asked_at = self._beat_at = time.monotonic()

    async def begin(self, *, lines: int, follow: bool) -> None:
        """Asks. Raises EngineElsewhere when there is nobody to ask."""
        engine = self._engine
        async with self._database.write(beside_others=True) as session:
            self._host = await session.scalar(select(Process.host).where(Process.id == engine.owner)) or ""
            if not self._host:
                raise EngineElsewhere(engine, "the server or worker that runs it is away; try again in some seconds")
            asked = LogRequest(id=self._id, engine_id=engine.id, owner=engine.owner, lines=lines, follow=follow, beat=0)
            session.add(asked)
            ring_after_commit(session, REQUESTS)

    async def take(self) -> Sequence[LogPiece]:
        """The pieces that are there, which are removed."""
        async with self._database.read() as session:
            found = await session.scalars(
                select(LogPiece).where(LogPiece.request_id == self._id).order_by(LogPiece.number)
            )
            pieces = found.all()
        if not pieces:
            return pieces
        async with self._database.write(beside_others=True) as session:
            read = (LogPiece.request_id == self._id, LogPiece.number <= pieces[-1].number)
            await session.execute(delete(LogPiece).where(*read))
        self._is_answered = True
        return pieces

    async def wait(self) -> None:
        """Until there may be more. Raises EngineElsewhere when the process that runs the engine is silent or gone."""
        await self._bell.wait(SECONDS_BETWEEN_BEATS)
        now = time.monotonic()
        if not self._is_answered and now - self._asked_at > SECONDS_TO_ANSWER:
            raise EngineElsewhere(self._engine, f"{self._host}, which runs it, does not answer; try again")
        if now - self._beat_at < SECONDS_BETWEEN_BEATS:
            return
        self._beat_at = now
        async with self._database.write(beside_others=True) as session:
            await session.execute(update(LogRequest).where(LogRequest.id == self._id).values(beat=LogRequest.beat + 1))
            if not await session.scalar(select(Process.id).where(Process.id == self._engine.owner)):
                raise EngineElsewhere(self._engine, f"{self._host}, which ran it, has ended")

    async def end(self) -> None:
        """Says that nobody waits for the answer any more."""
        async with self._database.write(beside_others=True) as session:
            await session.execute(delete(LogRequest).where(LogRequest.id == self._id))


@dataclass(slots=True)
class _Answering:
    task: asyncio.Task[None]
    beat: int
    since: float


class LogAnswers:
    """Answers for the engines of this process.

    Args:
        owner: the name under which it holds engines just now; None while it can run none.
    """

    def __init__(self, database: Database, owner: Callable[[], str | None], read_log: ReadLog) -> None:
        self._database = database
        self._owner = owner
        self._read_log = read_log
        self._answering: dict[str, _Answering] = {}

    async def run(self) -> None:
        """Goes on until cancelled."""
        bell = self._database.bells.listen(REQUESTS)
        try:
            while True:
                try:
                    await self._look()
                except Unavailable as error:
                    log.warning("no logs for other servers; next try follows", reason=error.message)
                await bell.wait(_SECONDS_BETWEEN_LOOKS)
        finally:
            tasks = [answering.task for answering in self._answering.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        """Begins what is asked for, and ends what nobody waits for any more."""
        async with self._database.read() as session:
            asked = (await session.scalars(select(LogRequest).where(LogRequest.owner == self._owner()))).all()
            living = select(Process.id)
            strays = (await session.scalars(select(LogRequest.id).where(LogRequest.owner.not_in(living)))).all()
        now = time.monotonic()
        for request in asked:
            known = self._answering.get(request.id)
            if known is None and len(self._answering) < MOST_AT_ONCE:
                self._begin(request, now)
            elif known is not None and known.beat != request.beat:
                known.beat, known.since = request.beat, now
        wanted = {request.id for request in asked}
        unwanted = [key for key, known in self._answering.items() if now - known.since > SECONDS_UNTIL_UNWANTED]
        for key in [*unwanted, *(key for key in self._answering if key not in wanted)]:
            self._answering[key].task.cancel()
        if unwanted or strays:
            async with self._database.write(beside_others=True) as session:
                await session.execute(delete(LogRequest).where(LogRequest.id.in_([*unwanted, *strays])))

    def _begin(self, request: LogRequest, now: float) -> None:
        task = asyncio.create_task(self._answer(request), name=f"log for {request.id}")
        self._answering[request.id] = _Answering(task, request.beat, now)
        task.add_done_callback(lambda _: self._answering.pop(request.id, None))

    async def _answer(self, request: LogRequest) -> None:
        number, error = 0, None
        try:
            async with self._database.read() as session:
                engine = await session.get_one(Engine, request.engine_id)
            async for text in _in_pieces(self._read_log(engine, lines=request.lines, follow=request.follow)):
                number += 1
                if not await self._tell(LogPiece(request_id=request.id, number=number, text=text, is_last=False)):
                    return
        except PlatformError as problem:
            error = problem.message
        except Exception:  # noqa: BLE001 - who asked is to know, and the others are to be answered
            log.exception("the output of an engine could not be read for another server", engine=request.engine_id)
            error = "the server that runs it failed; see its log"
        await self._tell(LogPiece(request_id=request.id, number=number + 1, text="", is_last=True, error=error))

    async def _tell(self, piece: LogPiece) -> bool:
        """Adds a piece, once there is room for it; returns whether somebody still wants it."""
        while True:
            async with self._database.write(beside_others=True) as session:
                if await session.get(LogRequest, piece.request_id, with_for_update=True) is None:
                    return False
                unread = select(func.count()).where(LogPiece.request_id == piece.request_id)
                if (await session.scalar(unread) or 0) < MOST_UNREAD:
                    session.add(piece)
                    ring_after_commit(session, ANSWERS)
                    return True
            await asyncio.sleep(SECONDS_OF_A_PIECE)


async def _in_pieces(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    """Lines gathered for a moment: a transaction for each would be too much for the database."""
    queue: asyncio.Queue[str | None] = asyncio.Queue(_LINES_AHEAD)

    async def read() -> None:
        try:
            async for line in lines:
                await queue.put(line.replace("\0", "\N{REPLACEMENT CHARACTER}"))
        except Exception:
            await queue.put(None)
            raise
        await queue.put(None)

    reading = asyncio.create_task(read())
    try:
        is_over = False
        while not is_over:
            gathered = [await queue.get()]
            if gathered[-1] is not None:
                await asyncio.sleep(SECONDS_OF_A_PIECE)
            while not queue.empty() and gathered[-1] is not None:
                gathered.append(queue.get_nowait())
            is_over = gathered[-1] is None
            text = "".join(line for line in gathered if line is not None)
            for start in range(0, len(text), CHARACTERS_OF_A_PIECE):
                yield text[start : start + CHARACTERS_OF_A_PIECE]
        await reading
    finally:
        reading.cancel()
        await asyncio.wait([reading])
