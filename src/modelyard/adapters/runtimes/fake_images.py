"""The images of the fake runtime: facts, an async program in place of an entrypoint, and real archives."""

import hashlib
import io
import json
import tarfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.adapters.runtimes.base import ArchiveRejected, ImageFacts
from modelyard.adapters.runtimes.fake_container import FakeContainer

Program = Callable[[FakeContainer], Awaitable[int]]
"""What runs in a fake container; it returns the exit code."""


@dataclass(frozen=True, slots=True)
class FakeImage:
    """An image that a fake runtime can hold; its id is the digest of `config`, as in reality."""

    config: bytes
    program: Program

    @property
    def image_id(self) -> str:
        return f"sha256:{hashlib.sha256(self.config).hexdigest()}"

    def facts(self) -> ImageFacts:
        """What the runtime tells of it."""
        config: dict[str, Any] = json.loads(self.config)
        inner: dict[str, Any] = config.get("config") or {}
        return ImageFacts(
            image_id=self.image_id,
            digest=self.image_id,
            size=len(self.config),
            architecture=config.get("architecture", ""),
            operating_system=config.get("os", ""),
            labels=inner.get("Labels") or {},
            entrypoint=tuple(inner.get("Entrypoint") or ()),
            command=tuple(inner.get("Cmd") or ()),
            ports=tuple(sorted(inner.get("ExposedPorts") or {})),
            user=inner.get("User") or "",
            environment=tuple(inner.get("Env") or ()),
        )


def make_image(
    name: str,
    program: Program,
    *,
    labels: Mapping[str, str] | None = None,
    command: tuple[str, ...] = ("serve",),
    ports: tuple[str, ...] = (),
    architecture: str = "amd64",
    user: str = "",
) -> FakeImage:
    """An image; the same name and facts give the same id."""
    config = {
        "architecture": architecture,
        "os": "linux",
        "author": name,
        "config": {
            "Labels": dict(labels or {}),
            "Cmd": list(command),
            "ExposedPorts": {port: {} for port in ports},
            "User": user,
        },
        "rootfs": {"type": "layers", "diff_ids": []},
    }
    return FakeImage(json.dumps(config, sort_keys=True).encode(), program)


def write_archive(image: FakeImage, name: str, archive: Path) -> None:
    """Writes the image as `docker save` would, without layers."""
    archive.write_bytes(b"".join(archive_chunks(image, [name])))


def archive_chunks(image: FakeImage, names: Sequence[str]) -> Iterator[bytes]:
    """The same as bytes that come piece by piece."""
    config_name = f"{image.image_id.removeprefix('sha256:')}.json"
    manifest = [{"Config": config_name, "RepoTags": list(names), "Layers": []}]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for member, content in ((config_name, image.config), ("manifest.json", json.dumps(manifest).encode())):
            entry = tarfile.TarInfo(member)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    whole = buffer.getvalue()
    yield from (whole[start : start + 4096] for start in range(0, len(whole), 4096))


def read_archive(archive: Path) -> tuple[bytes, tuple[str, ...]]:
    """Configuration and names of the image in a `docker save` or OCI archive. Raises ArchiveRejected."""
    try:
        with tarfile.open(archive) as tar:
            names = tar.getnames()
            return _read_docker(tar) if "manifest.json" in names else _read_oci(tar)
    except (tarfile.TarError, OSError, EOFError, KeyError, ValueError, IndexError) as error:
        raise ArchiveRejected(
            "The archive holds no image that can be loaded; make it with `docker save` or `podman save`.",
            technical_information=str(error),
        ) from None


def _read_docker(tar: tarfile.TarFile) -> tuple[bytes, tuple[str, ...]]:
    first = json.loads(_member(tar, "manifest.json"))[0]
    return _member(tar, first["Config"]), tuple(first.get("RepoTags") or ())


def _read_oci(tar: tarfile.TarFile) -> tuple[bytes, tuple[str, ...]]:
    first = json.loads(_member(tar, "index.json"))["manifests"][0]
    manifest = json.loads(_member(tar, _blob(first["digest"])))
    name = (first.get("annotations") or {}).get("org.opencontainers.image.ref.name")
    return _member(tar, _blob(manifest["config"]["digest"])), (name,) if name else ()


def _blob(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file.read()
