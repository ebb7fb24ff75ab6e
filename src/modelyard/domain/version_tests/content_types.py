"""Tells the media type of some bytes by what they begin with; what is not sure is None."""

import json

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"ID3", "audio/mpeg"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"\x93NUMPY", "application/x-npy"),
    (0, b"PAR1", "application/vnd.apache.parquet"),
    (0, b"\x89HDF\r\n\x1a\n", "application/x-hdf5"),
)
_LONGEST_READ_AS_JSON = 1_048_576
_NAMES = {
    "image/jpg": "image/jpeg",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/x-flac": "audio/flac",
    "application/x-gzip": "application/gzip",
    "application/x-zip-compressed": "application/zip",
    "application/ogg": "audio/ogg",
    "video/avi": "video/x-msvideo",
}
_CONTAINERS = {
    "application/zip": ("application/vnd.", "application/epub", "application/java-archive", "application/x-npz"),
    "video/mp4": ("audio/mp4", "image/heic", "image/heif", "image/avif", "video/quicktime", "audio/x-m4a"),
    "video/webm": ("audio/webm", "video/x-matroska", "audio/x-matroska"),
    "audio/ogg": ("video/ogg", "audio/opus"),
    "image/tiff": ("image/geotiff", "image/x-"),
}
"""Formats that other formats are made of: their beginning proves nothing against those."""
TEXT = "text/plain"


def media_type_of(content: bytes) -> str | None:
    """The media type that the bytes have; None when they could be anything."""
    for offset, magic, media_type in _MAGIC:
        if content[offset : offset + len(magic)] == magic and _is_riff(content, offset):
            return media_type
    if _is_json(content):
        return "application/json"
    return TEXT if content and _is_text(content) else None


def contradicts(declared: str, content: bytes) -> str | None:
    """The media type of the content when it cannot be the declared one, else None."""
    wanted = _NAMES.get(_bare(declared), _bare(declared))
    found = media_type_of(content)
    if found is None:
        return None if not _needs_text(wanted) or not content else "application/octet-stream"
    if found == wanted or wanted in ("", "application/octet-stream", "*/*"):
        return None
    if wanted.startswith(_CONTAINERS.get(found, ("\0",))):
        return None
    if found in (TEXT, "application/json"):
        return found if _is_known_binary(wanted) else None
    return found


def _bare(media_type: str) -> str:
    return media_type.split(";", maxsplit=1)[0].strip().lower()


def _needs_text(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type.endswith(("json", "xml"))


def _is_known_binary(media_type: str) -> bool:
    return any(media_type == known for _, _, known in _MAGIC)


def _is_riff(content: bytes, offset: int) -> bool:
    return offset != 8 or content[:4] == b"RIFF"


def _is_json(content: bytes) -> bool:
    if content.lstrip()[:1] not in (b"{", b"[") or len(content) > _LONGEST_READ_AS_JSON:
        return False
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def _is_text(content: bytes) -> bool:
    try:
        text = content[:65_536].decode()
    except UnicodeDecodeError as problem:
        if problem.start < 65_530 or len(content) <= 65_536:  # a character may be cut at the end
            return False
        text = content[: problem.start].decode()
    return "\0" not in text
