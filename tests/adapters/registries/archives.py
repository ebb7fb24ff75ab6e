"""Builds archives for tests, good and hostile ones."""

import io
import json
import tarfile
from pathlib import Path

from tests.servers import SyntheticImage, descriptor, digest_of, synthetic_image

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
LAYER = b"a layer, more or less" * 100

Files = dict[str, bytes]


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", **more: int) -> tarfile.TarInfo:
    """A member without content."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    for key, value in more.items():
        setattr(info, key, value)
    return info


def pack(path: Path, files: Files, *members: tarfile.TarInfo, mode: str = "w") -> Path:
    """Writes a tar of the files, then of the members."""
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            archive.addfile(member(name, size=len(data)), io.BytesIO(data))
        for info in members:
            archive.addfile(info)
    return path


def saved(image: SyntheticImage | None = None) -> Files:
    """What `docker save` writes."""
    image = image or synthetic_image(layer=LAYER)
    config = f"{digest_of(image.config).removeprefix('sha256:')}.json"
    entry = {"Config": config, "RepoTags": ["team/model:1", "team/model:latest"], "Layers": ["one/layer.tar"]}
    return {"one/layer.tar": image.layer, config: image.config, "manifest.json": json.dumps([entry]).encode()}


def layout(*architectures: str) -> Files:
    """An OCI layout: one image, or an index of one image for each of several architectures."""
    files: Files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
    entries = []
    for architecture in architectures or ("amd64",):
        image = synthetic_image(architecture, LAYER)
        manifest = {
            "schemaVersion": 2,
            "config": descriptor(image.config, CONFIG_TYPE),
            "layers": [descriptor(image.layer, LAYER_TYPE)],
        }
        document = json.dumps(manifest).encode()
        files |= blobs(image.config, image.layer, document)
        entries.append(descriptor(document, MANIFEST_TYPE, architecture if len(architectures) > 1 else None))
    files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": entries}).encode()
    return files


def blobs(*contents: bytes) -> Files:
    """Files under the names that their digests give."""
    return {f"blobs/{digest_of(data).replace(':', '/')}": data for data in contents}
