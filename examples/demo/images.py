"""Builds the image of an example with podman, and saves it as an archive."""

import json
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from examples.demo.failure import DemoFailed
from modelyard.entrypoints.cli.steps import Bar

EXAMPLES = Path(__file__).resolve().parents[1]
LINES_SHOWN = 25


@dataclass(frozen=True, slots=True)
class Image:
    """An image on this machine.

    Args:
        digest: of its configuration, as the platform records it for an uploaded archive.
        size: in bytes.
    """

    tag: str
    digest: str
    size: int


def build_image(name: str, bar: Bar) -> Image:
    """Builds the example of this name; quick when nothing has changed. Raises DemoFailed."""
    command = [sys.executable, str(EXAMPLES / "build.py"), name]
    last: deque[str] = deque(maxlen=LINES_SHOWN)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as build:
        assert build.stdout  # noqa: S101 - asked for above
        for line in build.stdout:
            last.append(line.rstrip())
            if line.startswith("· "):
                bar.note(line[2:].strip())
    if build.returncode:
        raise DemoFailed(f"The image of the example {name} could not be built.", "\n".join(last))
    return inspect_image(f"localhost/modelyard/{name}:1.0.0")


def inspect_image(tag: str) -> Image:
    """What podman says of an image."""
    found = json.loads(_podman("image", "inspect", tag))[0]
    return Image(tag, f"sha256:{found['Id'].removeprefix('sha256:')}", found["Size"])


def save_image(image: Image, archive: Path, on_progress: Callable[[float], None]) -> None:
    """Writes what `podman save` writes. Raises DemoFailed."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            if archive.exists():
                on_progress(archive.stat().st_size / max(1, image.size))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        _podman("save", "--quiet", "--output", str(archive), image.tag)
    finally:
        ended.set()
        watcher.join()


def _podman(*arguments: str) -> str:
    run = subprocess.run(["podman", *arguments], check=False, capture_output=True, text=True)
    if run.returncode:
        raise DemoFailed(f"`podman {' '.join(arguments[:2])}` failed.", run.stderr)
    return run.stdout
