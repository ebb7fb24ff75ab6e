"""Make the smallest image that runs, out of nothing: one program of about 150 bytes that waits for ever."""

import hashlib
import io
import json
import platform
import struct
import tarfile
from pathlib import Path

TINY_REPOSITORY = "localhost/modelyard/probe"
_ADDRESS = 0x400000
_ELF_HEADER = 64
_PROGRAM_HEADER = 56
_MACHINES = {
    # machine: (its number in ELF, its name in images, machine code of `while true: pause()`)
    "x86_64": (62, "amd64", bytes.fromhex("b8220000000f05ebf7")),  # pause
    "aarch64": (
        183,
        "arm64",
        b"".join(
            word.to_bytes(4, "little")
            for word in (
                *(0xD2800000, 0xD2800001, 0xD2800002, 0xD2800003, 0xD2800004),  # x0 … x4 = 0
                *(0xD2800928, 0xD4000001, 0x17FFFFF9),  # ppoll without files or time limit; again
            )
        ),
    ),
}


def write_tiny_archive(archive: Path, tag: str) -> str:
    """Writes the image as `docker save` would and returns its name; another tag gives another image.

    Raises ValueError on a machine whose code it does not know.
    """
    known = _MACHINES.get(platform.machine())
    if known is None:
        raise ValueError(f"no program for {platform.machine()}")
    number, architecture, code = known
    layer = _tar({"pause": _program(number, code)})
    config = json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "config": {"Cmd": ["/pause"], "Labels": {"modelyard.probe": tag}},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
        }
    ).encode()
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    name = f"{TINY_REPOSITORY}:{tag}"
    manifest = [{"Config": config_name, "RepoTags": [name], "Layers": ["layer.tar"]}]
    archive.write_bytes(_tar({config_name: config, "layer.tar": layer, "manifest.json": json.dumps(manifest).encode()}))
    return name


def _program(machine: int, code: bytes) -> bytes:
    """A static ELF program: header, one segment, code."""
    start = _ELF_HEADER + _PROGRAM_HEADER
    size = start + len(code)
    ident = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH", ident, 2, machine, 1, _ADDRESS + start, _ELF_HEADER, 0, 0, 64, 56, 1, 0, 0, 0
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _ADDRESS, _ADDRESS, size, size, 0x1000)
    return header + segment + code


def _tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o755
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
