"""Image intake: through the platform against podman alone, from a registry and from an archive."""

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.deployment import is_complete, new_version
from benchmarks.image_registry import running_registry
from benchmarks.images import noise_image, podman, remove_image
from benchmarks.server_process import Server, running_server
from benchmarks.turns import Comparison, Scale, by_turns

GOAL = "ratio ≥ 0.9"
_MEGABYTE = 1 << 20
_LAYERS = 4


def measure(scale: Scale) -> Iterator[Comparison]:
    """An image of several layers that cannot be compressed; it is removed before each import."""
    layer = scale.of(40, 4) * _MEGABYTE
    size = f"{_LAYERS * layer // _MEGABYTE} MB"
    with running_registry() as registry, tempfile.TemporaryDirectory(prefix="my-bench-") as directory:
        name, archive = f"{registry}/bench/noise:1", Path(directory) / "noise.tar"
        with (
            noise_image(name, layers=_LAYERS, layer_bytes=layer),
            running_server(MODELYARD_INSECURE_REGISTRIES=registry) as server,
        ):
            podman("push", "--quiet", "--tls-verify=false", name)
            podman("save", "--quiet", "--output", str(archive), name)
            source = {"registry": {"url": name}}
            yield _compare(
                f"pull an image of {size}",
                "podman pull",
                scale,
                name,
                import_=_importer(server, lambda path: server.call("POST", path, source)),
                alternative=lambda: podman("pull", "--quiet", "--tls-verify=false", name),
            )
            yield _compare(
                f"upload an image of {size}",
                "podman load",
                scale,
                name,
                import_=_importer(server, lambda path: server.upload(path, archive)),
                alternative=lambda: podman("load", "--quiet", "--input", str(archive)),
            )


def _importer(server: Server, send: Callable[[str], object]) -> Callable[[], None]:
    """Imports into one version, from the request to 100 %."""
    path = f"{new_version(server, 'noise')[1]}/container-image"

    def import_() -> None:
        send(path)
        server.until(path, is_complete)

    return import_


def _compare(
    what: str,
    alternative_name: str,
    scale: Scale,
    image: str,
    *,
    import_: Callable[[], object],
    alternative: Callable[[], object],
) -> Comparison:
    identity = podman("image", "inspect", image, "--format", "{{.Id}}")

    def timed(call: Callable[[], object]) -> float:
        remove_image(identity)
        subprocess.run(["sync"], check=True)  # what was written before is not paid for now
        began = time.perf_counter()
        call()
        return time.perf_counter() - began

    ours, theirs = by_turns(scale.of(5), lambda: timed(import_), lambda: timed(alternative))
    return Comparison(what, alternative_name, ours, theirs, GOAL)
