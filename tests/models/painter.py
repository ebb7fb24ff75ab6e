"""A model program for tests that speaks HTTP v1 and returns more than JSON; stands beside `misbehaving.py`.

Beside results.json it writes picture.png (a real one), `notes 100%.txt` (the input's text) and page.html.
"""

import base64
from pathlib import Path
from typing import Any

import misbehaving  # type: ignore[import-not-found]

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)


def paint(*given: Any) -> None:
    """Leaves outputs of several kinds; the last two arguments are the directories of the inputs and outputs."""
    repeat(*given)
    source, target = Path(given[-2]), Path(given[-1])
    text = b"\n".join(path.read_bytes() for path in sorted(source.iterdir()))
    (target / "picture.png").write_bytes(PICTURE)
    (target / "notes 100%.txt").write_bytes(text)
    (target / "page.html").write_bytes(b"<script>alert(1)</script>")


if __name__ == "__main__":
    repeat = misbehaving.write_outputs
    misbehaving.write_outputs = paint
    misbehaving.main()
