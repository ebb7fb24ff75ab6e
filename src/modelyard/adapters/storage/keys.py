"""Which keys files can have, and how names chosen by users become part of one."""

import hashlib
import re

MAX_KEY = 1024
MAX_SEGMENT = 200

_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_PLAIN = re.compile(r"[A-Za-z0-9-][A-Za-z0-9._-]{0,99}")


def safe_segment(text: str) -> str:
    """Any text as one segment of a key; different texts give different segments.

    Short plain names stay readable. All others become `_` and the SHA-256 of their UTF-8, so that who needs the
    name back keeps it elsewhere.
    """
    if _PLAIN.fullmatch(text):
        return text
    return "_" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def require_key(key: str) -> str:
    """The key itself, when it is segments of letters, digits, `.`, `_` and `-` between single slashes.

    Raises:
        ValueError: it is anything else. Keys are made by the platform, so this is a mistake of the program.
    """
    if len(key) > MAX_KEY or not all(_is_segment(segment) for segment in key.split("/")):
        raise ValueError(f"not a key for a stored file: {key[:200]!r}")
    return key


def _is_segment(segment: str) -> bool:
    return len(segment) <= MAX_SEGMENT and _SEGMENT.fullmatch(segment) is not None
