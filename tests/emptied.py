"""Waits until a directory that is emptied in the background is empty."""

import asyncio
from pathlib import Path

SECONDS_TO_EMPTY = 10


async def is_emptied(directory: Path) -> bool:
    """Whether nothing is left in it within some seconds."""
    try:
        async with asyncio.timeout(SECONDS_TO_EMPTY):
            while any(directory.iterdir()):  # noqa: ASYNC110 - a file system rings no bell
                await asyncio.sleep(0.01)
    except TimeoutError:
        return False
    return True
