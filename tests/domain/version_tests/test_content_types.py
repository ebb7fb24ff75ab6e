"""The media type that bytes have, and whether it can be the declared one."""

import io
import wave
import zipfile

import pytest
from PIL import Image

from modelyard.domain.version_tests.content_types import contradicts, media_type_of


def picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, kind)
    return buffer.getvalue()


def sound() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0\0" * 10)
    return buffer.getvalue()


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(zipfile.ZipInfo("a"), "b")  # of a fixed date: tests are named after it
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (picture("PNG"), "image/png"),
        (picture("JPEG"), "image/jpeg"),
        (picture("WEBP"), "image/webp"),
        (picture("TIFF"), "image/tiff"),
        (sound(), "audio/wav"),
        (archive(), "application/zip"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b' {"a": 1}', "application/json"),
        (b"{not json", "text/plain"),
        ("schön".encode(), "text/plain"),
        (b"\x00\x01\x02\xff", None),
        (b"", None),
        (b"x" * 65_535 + "é".encode() + b"y", "text/plain"),  # the cut lies within a character
        (b"[" * 5000, "text/plain"),
    ],
)
def test_media_type_of(content: bytes, expected: str | None) -> None:
    assert media_type_of(content) == expected


@pytest.mark.parametrize(
    ("declared", "content", "expected"),
    [
        ("image/png", picture("PNG"), None),
        ("IMAGE/JPG; q=1", picture("JPEG"), None),
        ("image/png", picture("JPEG"), "image/jpeg"),
        ("audio/x-wav", sound(), None),
        ("text/plain", b'{"a": 1}', None),  # JSON is text, too
        ("text/csv", b"a,b\n1,2\n", None),
        ("text/csv", picture("PNG"), "image/png"),
        ("text/csv", b"\x00\x01\xff", "application/octet-stream"),
        ("image/png", b"sorry", "text/plain"),
        ("application/octet-stream", picture("PNG"), None),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", archive(), None),
        ("application/x-unheard-of", b"\x00\x01\xff", None),
        ("application/x-unheard-of", b"words", None),
        ("text/plain", b"", None),
    ],
)
def test_contradicts(declared: str, content: bytes, expected: str | None) -> None:
    assert contradicts(declared, content) == expected
