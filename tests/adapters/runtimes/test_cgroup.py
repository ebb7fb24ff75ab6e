"""What the kernel tells of a container's first process."""

import os
import signal
import subprocess
from pathlib import Path

from modelyard.adapters.runtimes.cgroup import is_stopped


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
