"""A podman of its own, which shares nothing with the usual one: it stands for a second machine."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from modelyard.adapters.runtimes.podman_process import answers, podman_command

_SECONDS = 20


@dataclass(frozen=True)
class SecondPodman:
    """Its directory, and the socket of its service."""

    directory: Path

    @property
    def socket(self) -> str:
        return str(self.directory / "podman.sock")

    def command(self, *arguments: str) -> list[str]:
        places = ["--root", str(self.directory / "root"), "--runroot", str(self.directory / "run")]
        return [*podman_command(), *places, *arguments]

    def run(self, *arguments: str) -> str:
        """What it prints."""
        command = self.command(*arguments)
        done = subprocess.run(command, env=self.environment(), check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def has(self, image: str) -> bool:
        """Whether it holds an image."""
        command = self.command("image", "exists", image)
        return subprocess.run(command, env=self.environment(), check=False).returncode == 0

    def environment(self) -> dict[str, str]:
        """Locks of its own: those in shared memory are the usual podman's."""
        return {**os.environ, "CONTAINERS_CONF": str(self.directory / "containers.conf")}


@contextlib.contextmanager
def second_podman() -> Iterator[SecondPodman]:
    """A running service, without images; everything of it is gone afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="my-podman-", dir="/tmp"))
    own = SecondPodman(directory)
    (directory / "containers.conf").write_text(f'[engine]\nlock_type = "file"\ntmp_dir = "{directory}/tmp"\n')
    with (directory / "log").open("wb") as log:
        service = subprocess.Popen(
            own.command("system", "service", "--time", "0", f"unix://{own.socket}"),
            env=own.environment(),
            stdout=log,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + _SECONDS
        while not answers(own.socket):
            assert service.poll() is None and time.monotonic() < deadline, (directory / "log").read_text()  # noqa: PT018
            time.sleep(0.05)
        yield own
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            own.run("rm", "--all", "--force", "--time", "0")
            own.run("rmi", "--all", "--force")
        service.terminate()
        service.wait(timeout=_SECONDS)
        subprocess.run(["umount", "--lazy", str(directory / "root" / "overlay")], check=False, capture_output=True)
        shutil.rmtree(directory, ignore_errors=True)
