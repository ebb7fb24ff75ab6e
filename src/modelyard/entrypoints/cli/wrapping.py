"""Breaks long messages for terminals: at spaces only, so that addresses and commands can be copied whole."""

import re
import shutil
import textwrap
from typing import TextIO

_COMMAND = re.compile(r"`[^`\n]+`")
_HARD_SPACE = "\0"
_LEAST_COLUMNS = 20


def wrapped(text: str, stream: TextIO, *, before: str = "", indent: str = "") -> str:
    """The text with what stands before it, in lines that fit where the stream is a terminal.

    Args:
        indent: what further lines begin with.
    """
    if not stream.isatty():
        return before + text
    columns = max(_LEAST_COLUMNS, shutil.get_terminal_size().columns - 1)
    first, *others = text.split("\n")
    lines = [_wrap(before + first, columns, indent), *(_wrap(indent + line, columns, indent) for line in others)]
    return "\n".join(lines)


def _wrap(line: str, columns: int, indent: str) -> str:
    kept = _COMMAND.sub(lambda found: found[0].replace(" ", _HARD_SPACE), line)
    lead = len(kept) - len(kept.lstrip(" "))
    pieces = textwrap.wrap(
        kept.lstrip(" "),
        columns,
        initial_indent=kept[:lead],
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(pieces).replace(_HARD_SPACE, " ")
