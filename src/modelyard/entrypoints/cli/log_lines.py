"""Shows the log of an engine line by line, harmless for a terminal, also while it grows."""

import codecs
import contextlib
import io
from typing import TYPE_CHECKING, BinaryIO, cast

from modelyard.entrypoints.cli.clean_text import clean, writable
from modelyard.entrypoints.cli.not_offered import offered
from modelyard.entrypoints.cli.paths import at
from modelyard.entrypoints.cli.shown import Screen

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.remote import Remote

LONGEST_LINE = 100_000


def show_log(server: "Remote", screen: Screen, engine: str, *, follow: bool, tail: int | None) -> None:
    """Writes the log to standard output, until it ends or somebody interrupts."""
    path = at("api", "resources", "processing", "engines", engine, "logs")
    lines = Lines(screen)
    query = {"follow": follow or None, "lines": tail}
    with offered("the logs of engines"), contextlib.suppress(KeyboardInterrupt):
        try:
            server.download(path, query, cast(BinaryIO, lines), lambda _: None, may_be_silent=follow)
        finally:
            lines.end()


class Lines(io.RawIOBase):
    """Takes bytes as they come, and shows whole lines of them."""

    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self._screen = screen
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._begun = ""

    def write(self, piece: bytes, /) -> int:  # type: ignore[override]
        *lines, self._begun = (self._begun + self._decoder.decode(piece)).split("\n")
        for line in lines:
            self._show(line)
        if len(self._begun) > LONGEST_LINE:
            self.end()
        return len(piece)

    def end(self) -> None:
        """Shows what has no end of line."""
        if self._begun:
            self._show(self._begun)
        self._begun = ""

    def _show(self, line: str) -> None:
        self._screen.line(writable(clean(line.removesuffix("\r"))))
