"""What pages show of the inputs of an item; what an input is, its first bytes say, as nothing else of it is kept."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from modelyard.domain.jobs.item_pages import InputEntry

_SIGNATURES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"RIFF.{4}WAVE", re.DOTALL), "audio/wav"),
    (re.compile(rb"OggS"), "audio/ogg"),
    (re.compile(rb"fLaC"), "audio/flac"),
    (re.compile(rb"ID3|\xff[\xf2\xf3\xfb]"), "audio/mpeg"),
)
ANY = "application/octet-stream"
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f]")


@dataclass(frozen=True, slots=True)
class InputShown:
    """An input, where its bytes are, and its text where it is a short one."""

    name: str
    size: int
    address: str
    kind: str
    """`picture`, `sound`, `text` or `file`."""
    text: str = ""


def shown_input(job_id: str, entry: InputEntry, declared: tuple[str, ...], *, item_name: str = "") -> InputShown:
    """An input of an item of a job, of the first one unless it is named.

    Args:
        declared: the media types that the version takes for it, which say what a large one is.
    """
    text = text_of(entry.data) if entry.data is not None else None
    media_type = media_type_of(entry.data) if entry.data is not None else ",".join(declared)
    kind = next(
        (kind for start, kind in _KINDS.items() if media_type.startswith(start)), "file" if text is None else "text"
    )
    address = f"/jobs/{job_id}/input?{urlencode({'name': entry.name} | ({'item': item_name} if item_name else {}))}"
    return InputShown(entry.name, entry.size, address, kind, text or "")


_KINDS = {"image/": "picture", "audio/": "sound"}


def media_type_of(head: bytes) -> str:
    """Of a picture or a sound that browsers show or play, by its first bytes; else that of any bytes."""
    return next((media_type for pattern, media_type in _SIGNATURES if pattern.match(head)), ANY)


def text_of(data: bytes) -> str | None:
    """The text that bytes are; None where they are none."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return None if _NOT_TEXT.search(text) else text
