"""Reads tar headers from a stream, strictly and with bounded memory; nothing is ever unpacked.

Python's tarfile reads extended headers of any size into memory and forgives damage, which uploads must not rely on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from modelyard.adapters.registries.base import ArchiveTooLarge, BadArchive

BLOCK = 512
CHUNK = 1024 * 1024
MAX_EXTENDED = 1024 * 1024
"""Bytes of one extended header; a path needs 4 KiB."""

_ZEROS = bytes(BLOCK)
_USTAR = b"ustar\x0000"
_REGULAR = frozenset({b"0", b"\0", b"7"})
_OUR_RECORDS = frozenset({b"path", b"linkpath", b"size"})
_SPARSE = b"GNU.sparse"
_NEITHER = "The archive has a member that is neither file, directory nor link (a device, for example)."
_EXTENDED = {b"L": "path", b"K": "linkpath", b"x": "", b"g": ""}


class Kind(StrEnum):
    """What a member is; devices, pipes and sparse files are refused."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    HARDLINK = "hardlink"


_KINDS = {b"1": Kind.HARDLINK, b"2": Kind.SYMLINK, b"5": Kind.DIRECTORY} | dict.fromkeys(_REGULAR, Kind.FILE)


@dataclass(frozen=True, slots=True)
class Member:
    """One entry, as the archive names it; the size is in bytes, the target that of a link."""

    name: str
    kind: Kind
    size: int
    target: str


class TarStream:
    """Walks over the members once.

    Args:
        read: gives that many bytes, or fewer at the end only.
        max_members: of all headers, extended ones included.
    """

    def __init__(self, read: Callable[[int], bytes], max_members: int) -> None:
        self._read = read
        self._max_members = max_members
        self._left = 0
        self._padding = 0

    def members(self) -> Iterator[Member]:
        """Yields each member; its content has to be read, or is skipped, before the next.

        Raises BadArchive, ArchiveTooLarge.
        """
        extended: dict[str, str] = {}
        for _ in range(self._max_members + 1):
            header = self._exactly(BLOCK)
            if header == _ZEROS:
                self._read_end(extended)
                return
            _require_checksum(header)
            if header[156:157] in _EXTENDED:
                self._read_extended(header, extended)
                continue
            member = _read_member(header, extended)
            extended = {}
            self._left, self._padding = member.size, -member.size % BLOCK
            yield member
            for _chunk in self.content():
                pass
        raise ArchiveTooLarge(f"The archive has more than {self._max_members} members.")

    def content(self) -> Iterator[bytes]:
        """The rest of the current member, in chunks. Raises BadArchive when it is truncated."""
        while self._left:
            chunk = self._exactly(min(CHUNK, self._left))
            self._left -= len(chunk)
            yield chunk
        if self._padding:
            self._exactly(self._padding)
            self._padding = 0

    def _exactly(self, count: int) -> bytes:
        data = self._read(count)
        if len(data) != count:
            raise BadArchive("The archive is truncated. Upload it again.")
        return data

    def _read_extended(self, header: bytes, extended: dict[str, str]) -> None:
        size = _number(header[124:136])
        if size > MAX_EXTENDED:
            raise BadArchive(f"The archive has an extended header of {size} bytes.")
        data = self._exactly(size)
        self._exactly(-size % BLOCK)
        kind = header[156:157]
        if _EXTENDED[kind]:
            extended[_EXTENDED[kind]] = _text(data.rstrip(b"\0"))
            return
        records = _read_records(data)
        if kind == b"x":
            extended.update(records)
        elif records.keys() & {"path", "linkpath", "size"}:
            raise BadArchive("The archive names all its members at once.")

    def _read_end(self, extended: dict[str, str]) -> None:
        if extended:
            raise BadArchive("The archive is truncated. Upload it again.")
        while data := self._read(CHUNK):
            if data.count(0) != len(data):
                raise BadArchive("The archive has more bytes behind its end.")


def _read_member(header: bytes, extended: dict[str, str]) -> Member:
    flag = header[156:157]
    if flag not in _KINDS:
        raise BadArchive(_NEITHER)
    name = _field(header[0:100])
    if header[257:265] == _USTAR and header[345] != 0:
        name = f"{_field(header[345:500])}/{name}"
    kind = _KINDS[flag]
    size = _decimal(extended["size"]) if "size" in extended else _number(header[124:136])
    if kind is Kind.FILE and extended.get("path", name).endswith("/"):
        kind = Kind.DIRECTORY  # what tars before 1988 did
    if kind is not Kind.FILE and size:
        raise BadArchive("The archive has a directory or link with content.")
    return Member(extended.get("path", name), kind, size, extended.get("linkpath", _field(header[157:257])))


def _require_checksum(header: bytes) -> None:
    expected = _number(header[148:156])
    if sum(header[:148]) + 8 * 32 + sum(header[156:]) != expected:
        raise BadArchive("This is not a tar archive, or it is damaged (a header has a wrong checksum).")


def _number(field: bytes) -> int:
    """Octal text, or binary when the first bit is set."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    text = field.strip(b" \0")
    if any(digit not in b"01234567" for digit in text):
        raise BadArchive("This is not a tar archive, or it is damaged (a header has a wrong number).")
    return int(text or b"0", 8)


def _read_records(data: bytes) -> dict[str, str]:
    """Records of the form `<length> <key>=<value>` and a line end; only those that matter here are kept."""
    records: dict[str, str] = {}
    start = 0
    while start < len(data):
        digits, space, _ = data[start : start + 12].partition(b" ")
        end = start + (int(digits) if space and digits.isdigit() else 0)
        key, equals, value = data[start + len(digits) + 1 : end].partition(b"=")
        if not equals or end > len(data) or not value.endswith(b"\n"):
            raise BadArchive("The archive has a damaged extended header.")
        if key in _OUR_RECORDS:
            records[_text(key)] = _text(value[:-1])
        elif key.startswith(_SPARSE):
            raise BadArchive(_NEITHER)
        start = end
    return records


def _decimal(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise BadArchive("The archive has a damaged extended header.")
    return int(text)


def _field(field: bytes) -> str:
    return _text(field.partition(b"\0")[0])


def _text(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise BadArchive("The archive has names that are not UTF-8.") from None
    if "\0" in text:
        raise BadArchive("The archive has names with a NUL character.")
    return text
