"""Start podman's API as a child process of ours, where no runtime answers on a socket yet."""

import asyncio
import contextlib
import shutil
import socket
from pathlib import Path

from modelyard.adapters.runtimes.base import RuntimeUnavailable
from modelyard.adapters.runtimes.socket_paths import socket_directory

_CGROUPS = Path("/sys/fs/cgroup")
_START_SECONDS = 20.0
_STOP_SECONDS = 5.0
_RESTART_SECONDS = 0.5
_LOG_NAME = "podman-service.log"


class PodmanService:
    """`podman system service` on a private socket; ends with us, even when we are killed. Containers run on.

    When the service ends by itself, it is started again on the same socket.

    The kernel watches the thread that started it, so start it from the main thread.

    Args:
        data_dir: where the socket and the log go.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._directory: Path | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._guard: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Starts the service, waits until it answers, and returns its socket's path. Raises RuntimeUnavailable."""
        podman = shutil.which("podman")
        if podman is None:
            raise RuntimeUnavailable("There is neither podman nor docker: apt-get install podman runc.")
        self._data_dir.mkdir(parents=True, exist_ok=True)
        self._directory = socket_directory(self._data_dir / "podman")
        path = self._directory / "podman.sock"
        command = [*_dying_with_us(), *podman_command(podman), *_serving(path)]
        await self._serve(command, path)
        self._guard = asyncio.create_task(self._start_again(command, path), name="podman service")
        return str(path)

    async def close(self) -> None:
        """Ends the service; containers run on."""
        guard, self._guard = self._guard, None
        if guard is not None:
            guard.cancel()
            await asyncio.wait([guard])
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _STOP_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._directory is not None:
            for name in ("podman.sock", "oom"):
                (self._directory / name).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self._directory.rmdir()
            self._directory = None

    async def _serve(self, command: list[str], path: Path) -> None:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        self._process = await self._spawn(command, path.parent)
        await self._wait_until_answering(path)

    async def _start_again(self, command: list[str], path: Path) -> None:
        while self._process is not None:
            await self._process.wait()
            await asyncio.sleep(_RESTART_SECONDS)
            with contextlib.suppress(RuntimeUnavailable, OSError):
                await self._serve(command, path)

    async def _spawn(self, command: list[str], directory: Path) -> asyncio.subprocess.Process:
        """Runs it in a directory of ours, as conmon drops a file `oom` where it runs."""
        with (self._data_dir / _LOG_NAME).open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=directory,
                start_new_session=True,  # Ctrl-C is for us: we still need it to stop containers
            )

    async def _wait_until_answering(self, path: Path) -> None:
        try:
            async with asyncio.timeout(_START_SECONDS):
                while not answers(str(path)):
                    if self._process is None or self._process.returncode is not None:
                        raise self._failed("ended at once")
                    await asyncio.sleep(0.02)
        except TimeoutError:
            if self._process is not None:
                self._process.kill()
            raise self._failed(f"does not answer after {_START_SECONDS:.0f} s") from None

    def _failed(self, what: str) -> RuntimeUnavailable:
        log = self._data_dir / _LOG_NAME
        text = log.read_text(errors="replace")[-2000:] if log.exists() else None
        return RuntimeUnavailable(f"podman's service {what}; see {log}.", technical_information=text)


def podman_command(podman: str = "podman") -> list[str]:
    """How to call podman here: with runc where crun would refuse to start containers."""
    if cgroups_are_hybrid() and shutil.which("runc"):
        return [podman, "--runtime", "runc"]
    return [podman]


def cgroups_are_hybrid() -> bool:
    """Whether this machine has control groups of version 1 with a mount of version 2 beside them."""
    return (_CGROUPS / "unified").is_dir() and not (_CGROUPS / "cgroup.controllers").exists()


def answers(path: str) -> bool:
    """Whether something listens on a Unix socket; it does not say what."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(path)
        except OSError:
            return False
    return True


def _dying_with_us() -> list[str]:
    """setpriv makes the kernel end the service when this process dies, however it dies."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


def _serving(path: Path) -> list[str]:
    return ["system", "service", "--time", "0", f"unix://{path}"]
