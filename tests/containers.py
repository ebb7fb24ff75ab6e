"""Container images for tests: a base made from Debian packages, and images of a few files on top of it."""

import fcntl
import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from modelyard.adapters.runtimes.podman_process import podman_command

BASE = "localhost/modelyard/base:bookworm"
_PACKAGES = "python3-minimal,libpython3-stdlib"
_LOCK = Path(tempfile.gettempdir()) / "modelyard-test-images.lock"


def can_run_containers() -> bool:
    """Whether podman is installed here."""
    return shutil.which("podman") is not None


def base_image() -> str:
    """A small Debian with Python; made on first use, which takes about a minute and the network."""
    with _one_at_a_time():
        if not _exists(BASE):
            with tempfile.TemporaryDirectory(prefix="modelyard-base-") as directory:
                archive = Path(directory) / "base.tar"
                _run(["mmdebstrap", "--variant=minbase", f"--include={_PACKAGES}", "bookworm", str(archive)])
                _run([*podman_command(), "import", "--quiet", str(archive), BASE])
    return BASE


def build_image(
    name: str, files: Mapping[str, str | bytes], command: list[str], labels: Mapping[str, str] | None = None
) -> str:
    """An image of the base and these files (absolute path: content), built once for each content.

    Args:
        name: such as `echo`; the image is called `localhost/modelyard/test-echo:<digest>`.
    """
    base = base_image()
    recipe = _recipe(base, files, command, labels or {})
    digest = hashlib.sha256(recipe.encode())
    for path, content in sorted(files.items()):
        digest.update(path.encode() + b"\0" + _bytes(content) + b"\0")
    image = f"localhost/modelyard/test-{name}:{digest.hexdigest()[:16]}"
    with _one_at_a_time():
        if not _exists(image):
            _build(image, recipe, files)
    return image


def _recipe(base: str, files: Mapping[str, str | bytes], command: list[str], labels: Mapping[str, str]) -> str:
    copies = [f"COPY {json.dumps([path.lstrip('/'), path])}" for path in sorted(files)]
    marks = [f"LABEL {json.dumps(key)}={json.dumps(value)}" for key, value in sorted(labels.items())]
    return "\n".join([f"FROM {base}", *copies, *marks, f"CMD {json.dumps(command)}", ""])


def _build(image: str, recipe: str, files: Mapping[str, str | bytes]) -> None:
    with tempfile.TemporaryDirectory(prefix="modelyard-image-") as directory:
        for path, content in files.items():
            target = Path(directory) / path.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_bytes(content))
        recipe_file = Path(directory) / "Containerfile.modelyard"
        recipe_file.write_text(recipe)
        _run([*podman_command(), "build", "--quiet", "--tag", image, "--file", str(recipe_file), directory])


def _exists(image: str) -> bool:
    found = subprocess.run([*podman_command(), "image", "exists", image], check=False, capture_output=True)
    return found.returncode == 0


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Held by one test process at a time."""
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
