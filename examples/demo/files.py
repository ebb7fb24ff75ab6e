"""Files for the file type model: some of this machine and repository, others made here."""

import gzip
import io
import json
import math
import sqlite3
import struct
import tarfile
import wave
import zipfile
from pathlib import Path

from examples.demo.images import EXAMPLES
from examples.demo.jobs import Item

PROGRAMS = [Path("/bin/true"), Path("/usr/bin/true"), Path("/bin/ls")]


def files() -> list[Item]:
    """Real files under names that do not tell what they are, and one that is empty."""
    contents: list[tuple[str, bytes, str]] = [
        ("a", (EXAMPLES / "sentiment" / "picture.png").read_bytes(), "a picture of this repository"),
        ("b", Path(__file__).read_bytes(), "a Python program: this one"),
        ("c", (EXAMPLES / "sentiment" / "README.md").read_bytes(), "a page of this repository"),
        ("d", (EXAMPLES / "file-type" / "model.yaml").read_bytes(), "the card of this model"),
        ("e", make_json(), "weather of a week as JSON"),
        ("f", make_csv(), "the same as a table"),
        ("g", PAGE, "a small web page"),
        ("h", SCRIPT, "a shell script"),
        ("i", make_pdf(), "a page that says hello"),
        ("j", make_zip(), "two files in a zip archive"),
        ("k", make_tar(), "two files in a tar archive"),
        ("l", gzip.compress(make_json()), "the weather, compressed"),
        ("m", make_wav(), "half a second of a tone"),
        ("n", make_database(), "a database with one table"),
        *[("o", path.read_bytes(), f"the program {path}") for path in PROGRAMS if path.is_file()][:1],
        ("p", b"", "nothing"),
    ]
    return [Item(f"file-{name}", content, f"{about}, {len(content):,} bytes") for name, content, about in contents]


PAGE = b"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Tea</title><style>body { color: #333; }</style></head>
<body><h1>Tea</h1><p>Pour <em>boiling</em> water, and wait <a href="/minutes">four minutes</a>.</p></body>
</html>
"""
SCRIPT = b"""#!/bin/sh
# Counts the lines of all files that are given.
set -eu
for file in "$@"; do
    if [ -r "$file" ]; then
        printf '%s: %s\\n' "$file" "$(wc -l <"$file")"
    else
        echo "cannot read $file" >&2
    fi
done
"""


def make_json() -> bytes:
    """A week of invented weather."""
    week = [{"day": day, "rain": day % 3 == 0, "degrees": 17 + day * 0.5} for day in range(1, 8)]
    return json.dumps({"place": "somewhere", "week": week}, indent=2).encode()


def make_csv() -> bytes:
    """The same week in lines."""
    lines = [f"{day},{'yes' if day % 3 == 0 else 'no'},{17 + day * 0.5}" for day in range(1, 8)]
    return "\n".join(["day,rain,degrees", *lines, ""]).encode()


def make_pdf() -> bytes:
    """A page with one line of text."""
    text = b"BT /F1 24 Tf 72 720 Td (Hello from the demo) Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources 6 0 R >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Font << /F1 4 0 R >> >>",
    ]
    document = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, len(document))
    return document + b"xref\n0 %d\n0000000000 65535 f \n" % count + table + end


def make_zip() -> bytes:
    """Two files, compressed."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weather.json", make_json())
        archive.writestr("tea.html", PAGE)
    return target.getvalue()


def make_tar() -> bytes:
    """Two files, as they are."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, content in {"weather.json": make_json(), "count.sh": SCRIPT}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def make_wav() -> bytes:
    """A tone of 440 Hz."""
    rate = 8000
    target = io.BytesIO()
    with wave.open(target, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        tone = (round(12_000 * math.sin(2 * math.pi * 440 * moment / rate)) for moment in range(rate // 2))
        sound.writeframes(b"".join(struct.pack("<h", value) for value in tone))
    return target.getvalue()


def make_database() -> bytes:
    """A table of teas."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE tea (name TEXT, minutes REAL)")
    connection.executemany("INSERT INTO tea VALUES (?, ?)", [("black", 4), ("green", 2), ("white", 5)])
    connection.commit()
    try:
        return connection.serialize()
    finally:
        connection.close()
