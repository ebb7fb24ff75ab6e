"""Cuts each picture in a process of its own, with limits; no more than some at once, no more than many waiting."""

import asyncio
import contextlib
import os
import sys

from modelyard.adapters.imaging.base import CutPicture, Cutting, PictureRejected, PicturesBusy
from modelyard.adapters.imaging.child import read_answer, request_line
from modelyard.adapters.imaging.inspection import inspect
from modelyard.core.logs import log

AT_ONCE = 2
MOST_WAITING = 20
SECONDS = 40.0
"""On a busy machine; the process itself has less time of the processor."""
CHILD = "modelyard.adapters.imaging.child"


class CuttingProcesses:
    """A PictureCutter that survives whatever a picture does to its decoder."""

    def __init__(
        self, *, seconds: float = SECONDS, most_waiting: int = MOST_WAITING, python: str = sys.executable
    ) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._seconds = seconds
        self._most_waiting = most_waiting
        self._python = python
        self._waiting = 0

    async def cut(self, data: bytes, wanted: Cutting) -> CutPicture:
        inspect(data)
        if self._waiting >= self._most_waiting:
            raise PicturesBusy
        self._waiting += 1
        try:
            async with self._turns:
                return await self._cut(data, wanted)
        finally:
            self._waiting -= 1

    async def _cut(self, data: bytes, wanted: Cutting) -> CutPicture:
        process = await asyncio.create_subprocess_exec(
            *(self._python, "-I", "-m", CHILD),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ},
        )
        try:
            async with asyncio.timeout(self._seconds):
                output, words = await process.communicate(request_line(wanted) + data)
        except TimeoutError:
            raise PictureRejected("The picture takes too long to decode; save it anew, then try again.") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        try:
            return read_answer(output)
        except (ValueError, KeyError, TypeError):
            last = words.decode(errors="replace")[-2000:]
            log.warning("a picture could not be decoded", exit_code=process.returncode, last_words=last)
            raise PictureRejected(
                "The picture needs more memory or time to decode than a picture may; save it anew, then try again."
            ) from None
