"""What the kernel tells of a container's first process."""

import asyncio
import os
import signal
import subprocess
from pathlib import Path

from modelyard.adapters.runtimes.cgroup import is_stopped, wait_for_end


def test_who_is_stopped_by_a_signal_is_seen() -> None:
    process = subprocess.Popen(["sleep", "60"])
    group = Path(f"/proc/{process.pid}/cgroup").read_text().strip()
    try:
        assert not is_stopped(process.pid, group)
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        assert is_stopped(process.pid, group)
        assert not is_stopped(process.pid, "another container")
    finally:
        process.kill()
        process.wait()
    assert not is_stopped(process.pid, group)


async def test_the_end_of_a_process_is_awaited() -> None:
    process = subprocess.Popen(["sleep", "60"])
    group = Path(f"/proc/{process.pid}/cgroup").read_text().strip()
    try:
        await asyncio.wait_for(wait_for_end(process.pid, "another container"), 30)  # which is not here
        waiting = asyncio.create_task(wait_for_end(process.pid, group))
        await asyncio.wait([waiting], timeout=0.2)
        assert not waiting.done()
        process.kill()
        await asyncio.wait_for(waiting, 30)
    finally:
        process.kill()
        process.wait()
    await asyncio.wait_for(wait_for_end(process.pid, group), 30)
