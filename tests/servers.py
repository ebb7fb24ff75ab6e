"""Starts what tests talk to: a real image registry, and small web servers that answer what a test wants."""

import base64
import ctypes
import ctypes.util
import hashlib
import json
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

REGISTRY_PROGRAM = "docker-registry"
_MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG_TYPE = "application/vnd.docker.container.image.v1+json"
_LAYER_TYPE = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def has_docker_registry() -> bool:
    """Whether the program is installed."""
    return shutil.which(REGISTRY_PROGRAM) is not None


@contextmanager
def docker_registry(directory: Path, accounts: Mapping[str, str] | None = None) -> Iterator[str]:
    """Runs a registry on this machine, without TLS, and gives its `host:port`.

    Args:
        directory: where its configuration and images go.
        accounts: user names and passwords; without them everybody may read and write.
    """
    address = f"127.0.0.1:{free_port()}"
    configuration = directory / "registry.yml"
    configuration.write_text(json.dumps(_registry_configuration(directory, address, accounts)))
    with (directory / "registry.log").open("wb") as log:
        process = subprocess.Popen([REGISTRY_PROGRAM, "serve", configuration], stdout=log, stderr=log)
        try:
            wait_until_listening(address, process, directory / "registry.log")
            yield address
        finally:
            process.terminate()
            process.wait(10)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class SyntheticImage:
    """The documents of an image that nobody can run."""

    config: bytes
    layer: bytes
    manifest: bytes

    @property
    def digest(self) -> str:
        return digest_of(self.manifest)


def synthetic_image(architecture: str = "amd64", layer: bytes = b"not really a layer") -> SyntheticImage:
    """An image with labels, an entry point and all else that descriptions mention."""
    settings = {
        "Labels": {"org.example.name": "synthetic"},
        "Entrypoint": ["/model"],
        "Cmd": ["--port", "8080"],
        "ExposedPorts": {"8080/tcp": {}},
        "User": "1000",
        "Env": ["PATH=/bin", "MODE=test"],
    }
    rootfs = {"type": "layers", "diff_ids": [digest_of(layer)]}
    config = json.dumps({"architecture": architecture, "os": "linux", "config": settings, "rootfs": rootfs}).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST_TYPE,
        "config": descriptor(config, _CONFIG_TYPE),
        "layers": [descriptor(layer, _LAYER_TYPE)],
    }
    return SyntheticImage(config, layer, json.dumps(manifest).encode())


def basic_authorization(username: str, password: str) -> str:
    """The value of the header that proves who we are."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def digest_of(data: bytes) -> str:
    """`sha256:…` of the bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def descriptor(data: bytes, media_type: str, architecture: str | None = None) -> dict[str, object]:
    """How a manifest or index points to the bytes."""
    platform = {"platform": {"architecture": architecture, "os": "linux"}} if architecture else {}
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data), **platform}


async def push_image(
    base: str, repository: str, tag: str, image: SyntheticImage, credentials: tuple[str, str] | None = None
) -> None:
    """Pushes by plain HTTP calls to a registry's address (`http://host:port`)."""
    authorization = {"Authorization": basic_authorization(*credentials)} if credentials else {}
    async with aiohttp.ClientSession(headers=authorization, raise_for_status=True) as session:
        for blob in (image.config, image.layer):
            started = await session.post(f"{base}/v2/{repository}/blobs/uploads/")
            location = started.headers["Location"]
            mark = "&" if "?" in location else "?"
            await session.put(f"{location}{mark}digest={digest_of(blob)}", data=blob)
        headers = {"Content-Type": _MANIFEST_TYPE}
        await session.put(f"{base}/v2/{repository}/manifests/{tag}", data=image.manifest, headers=headers)


async def push_index(base: str, repository: str, tag: str, images: Mapping[str, SyntheticImage]) -> None:
    """Pushes images of several architectures under one tag."""
    for image in images.values():
        await push_image(base, repository, image.digest, image)
    media_type = "application/vnd.docker.distribution.manifest.list.v2+json"
    entries = [descriptor(image.manifest, _MANIFEST_TYPE, name) for name, image in images.items()]
    index = json.dumps({"schemaVersion": 2, "mediaType": media_type, "manifests": entries})
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        headers = {"Content-Type": media_type}
        await session.put(f"{base}/v2/{repository}/manifests/{tag}", data=index.encode(), headers=headers)


@asynccontextmanager
async def web_server(answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """Answers every request with the function and gives `host:port`."""
    runner = web.ServerRunner(web.Server(answer), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"127.0.0.1:{port}"
    finally:
        await runner.cleanup()


def wait_until_listening(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Returns when somebody listens at `host:port`; raises RuntimeError with what the log says when nobody will."""
    host, _, port = address.partition(":")
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended: {log.read_text()[-2000:]}")
        try:
            socket.create_connection((host, int(port)), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the server does not listen: {log.read_text()[-2000:]}")


def _registry_configuration(directory: Path, address: str, accounts: Mapping[str, str] | None) -> dict[str, object]:
    configuration: dict[str, object] = {
        "version": "0.1",
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(directory / "registry")}, "delete": {"enabled": True}},
        "http": {"addr": address, "secret": secrets.token_hex(16)},
    }
    if accounts is not None:
        passwords = directory / "htpasswd"
        passwords.write_text("".join(f"{user}:{_bcrypt(password)}\n" for user, password in accounts.items()))
        configuration["auth"] = {"htpasswd": {"realm": "test", "path": str(passwords)}}
    return configuration


def _bcrypt(password: str) -> str:
    """The registry takes bcrypt only, which the C library's crypt knows."""
    library = ctypes.CDLL(ctypes.util.find_library("crypt") or "libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    salt = "$2b$04$" + "".join(secrets.choice(alphabet) for _ in range(21)) + "."
    hashed: bytes | None = library.crypt(password.encode(), salt.encode())
    if hashed is None or not hashed.startswith(b"$2b$"):
        raise RuntimeError("this machine's crypt library does not know bcrypt")
    return hashed.decode()
