"""Names that strangers chose, as names of files that are safe on every system, and in headers."""

import re
import unicodedata
from urllib.parse import quote

from modelyard.core.harmless import is_unseen

LONGEST = 100
"""Bytes in UTF-8: two such names and a number still fit wherever a path may have 255."""
_FORBIDDEN = re.compile(r'[/\\:*?"<>|]')
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)")
"""What Windows takes for a device, whatever its ending."""


def safe_file_name(text: str) -> str:
    """The text as the name of one file: no folders, nothing unseen, nothing that a system treats in its own way."""
    composed = unicodedata.normalize("NFC", text)
    plain = "".join("_" if is_unseen(character) else character for character in composed)
    name = _FORBIDDEN.sub("_", plain).strip(" ")
    name = re.sub(r"^\.+|\.+$", lambda dots: "_" * len(dots[0]), name)
    if _DEVICES.match(name):
        name = f"_{name}"
    return _shortened(name) or "_"


def _shortened(name: str) -> str:
    if len(name.encode(errors="replace")) <= LONGEST:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode(errors="replace")) > LONGEST // 5:
        stem, dot, ending = name, "", ""
    room = LONGEST - len((dot + ending).encode(errors="replace"))
    return stem.encode(errors="replace")[:room].decode(errors="ignore").rstrip(" .") + dot + ending


class UniqueNames:
    """Gives each name of one folder a safe file name of its own, also where systems ignore case."""

    def __init__(self, *taken: str) -> None:
        self._taken = {name.casefold() for name in taken}
        self._next: dict[str, int] = {}

    def take(self, text: str) -> str:
        """A safe name that no earlier call has returned; the same calls give the same names."""
        name = safe_file_name(text)
        key = name.casefold()
        while key in self._taken:
            number = self._next[name.casefold()] = self._next.get(name.casefold(), 1) + 1
            stem, dot, ending = name.rpartition(".")
            candidate = f"{stem}~{number}{dot}{ending}" if stem else f"{name}~{number}"
            key = candidate.casefold()
            if key not in self._taken:
                name = candidate
        self._taken.add(key)
        return name


def disposition(name: str, *, is_shown: bool = False) -> str:
    """The header `Content-Disposition` for a file of this name: to be saved, unless it may be shown in place."""
    safe = safe_file_name(name)
    plain = re.sub(r"[^A-Za-z0-9._ ()~-]", "_", safe)
    kind = "inline" if is_shown else "attachment"
    extended = "" if plain == safe else f"; filename*=UTF-8''{quote(safe, safe='')}"
    return f'{kind}; filename="{plain}"{extended}'
