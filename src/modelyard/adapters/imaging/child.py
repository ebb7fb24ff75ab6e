"""The program of a process that decodes one picture and ends: `python -m modelyard.adapters.imaging.child`.

Decoders of pictures are old programs in C that read what strangers send. So each picture has a process of its own,
which has no more memory and time than a picture takes, opens no files, and is killed when it takes too long.
Standard input: one line of JSON, then the picture. Standard output: one line of JSON, then the bytes that it lists.
"""

import json
import resource
import sys
from collections.abc import Mapping
from typing import Any

from modelyard.adapters.imaging.base import Cut, CutPicture, Cutting, PictureRejected, Size
from modelyard.core.errors import PlatformError

MEMORY = 1_000_000_000
"""Bytes of address space; a picture of the most pixels needs about half of it."""
PROCESSOR_SECONDS = 20


def request_line(wanted: Cutting) -> bytes:
    """What is asked of the process, as the line that it reads."""
    sizes = {name: [size.width, size.height, size.whole] for name, size in wanted.sizes.items()}
    return json.dumps({"sizes": sizes, "smallest": wanted.smallest, "better": wanted.better}).encode() + b"\n"


def read_answer(output: bytes) -> CutPicture:
    """What the process answered. Raises PictureRejected, and ValueError when it is not an answer."""
    line, _, rest = output.partition(b"\n")
    head = json.loads(line)
    if "error" in head:
        raise PictureRejected(str(head["error"]))
    cuts: dict[str, Cut] = {}
    for name, first, second in head["cuts"]:
        cuts[name] = Cut(rest[:first], rest[first : first + second])
        rest = rest[first + second :]
    return CutPicture(head["extension"], cuts)


def _answer(line: bytes, data: bytes) -> bytes:
    from modelyard.adapters.imaging.cutting import cut_picture  # noqa: PLC0415 - the limits hold for its import, too

    asked: Mapping[str, Any] = json.loads(line)
    sizes = {name: Size(*size) for name, size in asked["sizes"].items()}
    try:
        picture = cut_picture(data, Cutting(sizes, (asked["smallest"][0], asked["smallest"][1]), asked["better"]))
    except PlatformError as error:
        return json.dumps({"error": error.message}).encode() + b"\n"
    listed = [[name, len(cut.original), len(cut.webp)] for name, cut in picture.cuts.items()]
    head = json.dumps({"extension": picture.extension, "cuts": listed}).encode() + b"\n"
    return head + b"".join(part for cut in picture.cuts.values() for part in (cut.original, cut.webp))


def main() -> None:
    """Limits itself, reads, cuts, answers."""
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    line, _, data = sys.stdin.buffer.read().partition(b"\n")
    sys.stdout.buffer.write(_answer(line, data))


if __name__ == "__main__":
    main()
