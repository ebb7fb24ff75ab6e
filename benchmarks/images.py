"""Images that benchmarks run: small model programs, and a large image of noise."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from modelyard.adapters.runtimes.podman_process import podman_command

_HERE = Path(__file__).parent
_EXAMPLE = "localhost/modelyard/sentiment:1.0.0"
"""Has Python and what gRPC needs."""
_PIECE = 1 << 20


def podman(*arguments: str) -> str:
    """What podman prints. Raises CalledProcessError."""
    return subprocess.run([*podman_command(), *arguments], check=True, capture_output=True, text=True).stdout.strip()


def model_image(protocol: str, *, batch_size: int = 1) -> str:
    """An image of a program that takes a millisecond for each item.

    Args:
        protocol: `http-v1` or `grpc-v2`.
        batch_size: how many items it takes at once; gRPC v2 only.
    """
    if subprocess.run([*podman_command(), "image", "exists", _EXAMPLE], check=False).returncode:
        subprocess.run([sys.executable, str(_HERE.parent / "examples" / "build.py"), "sentiment"], check=True)
    program = f"{protocol.replace('-', '_')}.py"
    recipe = [
        f"FROM {_EXAMPLE}",
        f"COPY {program} /app/{program}",
        f"ENV DELAY_MS=1 BATCH_SIZE={batch_size}",
        f"ENTRYPOINT {json.dumps(['python3', f'/app/{program}'])}",
    ]
    name = f"localhost/modelyard/bench-{protocol}:{batch_size}"
    with tempfile.TemporaryDirectory(prefix="my-bench-") as directory:
        shutil.copy(_HERE / "models" / program, directory)
        _build(name, recipe, Path(directory))
    return name


@contextlib.contextmanager
def noise_image(name: str, *, layers: int, layer_bytes: int) -> Iterator[str]:
    """An image whose layers cannot be compressed; removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="my-bench-") as directory:
        for number in range(layers):
            _write_noise(Path(directory) / f"noise{number}", layer_bytes)
        recipe = ["FROM scratch", *(f"COPY noise{number} /" for number in range(layers)), 'CMD ["/none"]']
        _build(name, recipe, Path(directory))
    try:
        yield name
    finally:
        remove_image(name)


def remove_image(name: str) -> None:
    """Removes an image with all its names; one that is not there is no error."""
    with contextlib.suppress(subprocess.CalledProcessError):
        podman("rmi", "--force", podman("image", "inspect", name, "--format", "{{.Id}}"))


def _build(name: str, recipe: list[str], context: Path) -> None:
    (context / "Containerfile").write_text("\n".join(recipe) + "\n")
    build = ("build", "--quiet", "--layers", "--tag", name, "--file", str(context / "Containerfile"), str(context))
    try:
        podman(*build)
    except subprocess.CalledProcessError:  # a layer that it began with was removed meanwhile
        podman(*build)


def _write_noise(path: Path, size: int) -> None:
    with path.open("wb") as file:
        for _ in range(size // _PIECE):
            file.write(os.urandom(_PIECE))
