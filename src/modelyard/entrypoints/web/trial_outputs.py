"""The outputs of a run test as the wizard shows them, and their bytes to download."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from modelyard.adapters.storage.base import Storage
from modelyard.core.errors import NotFound
from modelyard.domain.version_tests.kept_outputs import KeptFile, files_of
from modelyard.domain.version_tests.tables import VersionTest
from modelyard.entrypoints.web.output_views import JSON, is_picture, is_sound, readable_json

_LONGEST_SHOWN = 20_000
"""Characters in the page; all of an output can be downloaded."""


class OutputUnknown(NotFound):
    """The run test has no such output that can be downloaded."""

    def __init__(self) -> None:
        super().__init__("The newest run test of this version keeps no such output; see its page for what there is.")


@dataclass(frozen=True, slots=True)
class OutputShown:
    """An output: its beginning as text where it is JSON; without an address it was too large to be kept."""

    name: str
    size: int
    media_type: str
    text: str | None
    href: str

    @property
    def is_picture(self) -> bool:
        """Whether a browser shows it as a picture."""
        return bool(self.href) and is_picture(self.media_type)

    @property
    def is_sound(self) -> bool:
        """Whether a browser plays it."""
        return bool(self.href) and is_sound(self.media_type)

    @property
    def is_harmless(self) -> bool:
        """Whether it may be shown in place, and need not be saved."""
        return self.is_picture or self.is_sound


def shown_outputs(test: VersionTest, here: str) -> list[OutputShown]:
    """The outputs of a run test, each with its address: its position among the names."""
    files = {file.name: file for file in files_of(test)}
    names = sorted(test.outputs or {})
    return [
        _shown_file(files[name], f"{here}/outputs/{at}")
        if name in files
        else _shown_json(name, (test.outputs or {})[name], f"{here}/outputs/{at}")
        for at, name in enumerate(names)
    ]


def find_output(test: VersionTest, position: str) -> OutputShown:
    """The output at a position. Raises OutputUnknown."""
    outputs = shown_outputs(test, "")
    at = int(position) if position.isascii() and position.isdecimal() and len(position) < 5 else len(outputs)
    if at >= len(outputs) or not outputs[at].href:
        raise OutputUnknown
    return outputs[at]


def output_pieces(storage: Storage, test: VersionTest, output: OutputShown) -> AsyncIterator[bytes]:
    """All bytes of an output. Raises StoredFileNotFound."""
    for file in files_of(test):
        if file.name == output.name and file.storage_key:
            return storage.get_stream(file.storage_key)
    return _whole(readable_json((test.outputs or {})[output.name]))


async def _whole(text: str) -> AsyncIterator[bytes]:
    yield text.encode(errors="replace")


def _shown_json(name: str, value: Any, href: str) -> OutputShown:
    text = readable_json(value)
    return OutputShown(name, len(text.encode(errors="replace")), JSON, text[:_LONGEST_SHOWN], href)


def _shown_file(file: KeptFile, href: str) -> OutputShown:
    return OutputShown(file.name, file.size, file.media_type, None, href if file.storage_key else "")
