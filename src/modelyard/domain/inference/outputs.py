"""Checks and normalises what a model returns, against what its version declares."""

import json
import mimetypes
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import msgspec

from modelyard.adapters.container_protocols.output_files import LargeOutput, OutputData, size_of
from modelyard.domain.models.contract import DeclaredOutput

JSON = "application/json"
LARGEST_DECODED = 1_048_576
LARGEST_WITH_NAN = 16_777_216
LARGEST_CHECKED = 67_108_864
"""Bytes. A model decides what the server has to read, and nothing else happens meanwhile."""
_NOT_JSON = re.compile(rb"NaN|Infinity")
_ONE_AT_A_TIME = threading.Lock()
"""JSON in files is checked in memory, where there is to be one of them only."""


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One output of one item. JSON is valid and compact, unless it is too large to be checked."""

    name: str
    media_type: str
    data: OutputData

    @property
    def size(self) -> int:
        """Bytes."""
        return size_of(self.data)


def check_outputs(
    returned: Mapping[str, OutputData], declared: Sequence[DeclaredOutput]
) -> tuple[tuple[OutputFile, ...], str | None]:
    """The outputs to keep, or what is wrong with them (then there are none). Blocks where there are files.

    Raises OutputChanged, OutputGone, OSError.
    """
    if missing := [output.name for output in declared if output.name not in returned]:
        return (), f"the model returned no {' and no '.join(map(repr, missing))}, which its version declares"
    known = {output.name: output for output in declared}
    kept = []
    for name, data in returned.items():
        limit = known[name].maximum_size if name in known else None
        if limit is not None and size_of(data) > limit:
            return (), f"the output {name!r} has {size_of(data)} bytes; its version declares at most {limit}"
        media_type = known[name].media_type if name in known else _guess(name)
        if media_type == JSON:
            compact = _compact(data)
            if compact is None:
                return (), f"the output {name!r} is declared as {JSON}, but is not JSON"
            data = compact  # noqa: PLW2901
        kept.append(OutputFile(name, media_type, data))
    return tuple(kept), None


def _compact(data: OutputData) -> OutputData | None:
    if not isinstance(data, LargeOutput):
        return compact_json(data)
    if data.size > LARGEST_CHECKED:
        return data
    with _ONE_AT_A_TIME:
        whole = data.read()
        compact = compact_json(whole)
        return data if compact == whole else compact and data.replaced_by(compact)


def compact_json(data: bytes) -> bytes | None:
    """The same JSON without spaces; NaN and infinity, which JSON does not know, become null. None if not JSON.

    What is very large is checked less, as no objects are made of it, or not at all.
    """
    if len(data) > LARGEST_DECODED:
        return _compact_large_json(data)
    try:
        return msgspec.json.encode(msgspec.json.decode(data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
        return _without_nan(data)


def _compact_large_json(data: bytes) -> bytes | None:
    if len(data) > LARGEST_CHECKED:
        return data
    try:
        data.decode()
        return msgspec.json.format(data, indent=-1)
    except UnicodeDecodeError:
        return None
    except (msgspec.DecodeError, RecursionError):
        return _without_nan(data) if len(data) <= LARGEST_WITH_NAN and _NOT_JSON.search(data) else None


def _without_nan(data: bytes) -> bytes | None:
    try:
        return msgspec.json.encode(json.loads(data, parse_constant=lambda _: None))
    except (ValueError, RecursionError, OverflowError):
        return None


def _guess(name: str) -> str:
    ending = "".join(PurePosixPath(name).suffixes[-2:])  # a whole name may be an address that says its type: data:
    return mimetypes.guess_type(f"x{ending}")[0] or "application/octet-stream"
