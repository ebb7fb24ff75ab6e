"""Pictures: good ones are cut, hostile ones refused, and nothing but the picture is kept."""

import contextlib
import io
import random
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from modelyard.core.database import Database
from modelyard.core.errors import InvalidInput, NotAllowed, TooLarge
from modelyard.domain.models.cutting import SIZES, PictureRejected, cut_picture
from modelyard.domain.models.pictures import LARGEST_FILE, PictureNotFound, find_picture, set_picture
from modelyard.domain.models.tables import Scope
from tests.cast import CAST, Cast
from tests.library import add_model, set_scope
from tests.manual_clock import ManualClock


def _encoded(mode: str = "RGB", size: tuple[int, int] = (1100, 600), kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, 0).save(buffer, kind, **options)
    return buffer.getvalue()


def _opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


@pytest.mark.parametrize(
    ("mode", "kind", "cut_as"),
    [
        ("RGB", "JPEG", "image/jpeg"),
        ("L", "JPEG", "image/jpeg"),
        ("CMYK", "JPEG", "image/jpeg"),
        ("RGB", "PNG", "image/jpeg"),
        ("RGBA", "PNG", "image/png"),
        ("P", "PNG", "image/png"),
        ("1", "PNG", "image/jpeg"),
        ("I;16", "PNG", "image/jpeg"),
    ],
)
def test_picture_is_cut_to_all_sizes(mode: str, kind: str, cut_as: str) -> None:
    cuts = cut_picture(_encoded(mode, kind=kind))

    assert {cut.relation_type: _opened(cut.data).size for cut in cuts} == SIZES
    assert {cut.media_type for cut in cuts} == {cut_as}
    assert len({cut.address for cut in cuts}) == 3


def test_orientation_is_applied_and_metadata_left_behind() -> None:
    upright = Image.new("RGB", (600, 1100))
    exif = upright.getexif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = "secret place"
    buffer = io.BytesIO()
    upright.save(buffer, "JPEG", exif=exif, comment=b"secret comment", icc_profile=b"secret profile" * 10)

    for cut in cut_picture(buffer.getvalue()):
        assert b"secret" not in cut.data
        assert not _opened(cut.data).getexif()


def test_text_in_a_png_is_left_behind() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "secret")
    for cut in cut_picture(_encoded("RGBA", pnginfo=text, exif=b"Exif\x00\x00secret", icc_profile=b"secret profile")):
        assert b"secret" not in cut.data


def test_transparent_palette_stays_transparent() -> None:
    for cut in cut_picture(_encoded("P", transparency=0)):
        assert _opened(cut.data).getpixel((0, 0)) == (0, 0, 0, 0)


def _bomb() -> bytes:
    """A PNG of a few hundred bytes that says it has 60000 x 60000 pixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 1000)
    chunks = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + chunks


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="2000" height="2000"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        SVG,
        b"<html><script>alert(1)</script>",
        b"%PDF-1.4",
        b"\x00" * 100_000,
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        _encoded(kind="PNG")[:-200],
        _encoded(kind="JPEG")[: len(_encoded(kind="JPEG")) // 2],
        _bomb(),
        _encoded(size=(1023, 576)),
        _encoded(size=(1024, 575)),
        _encoded(size=(1, 1)),
        _encoded(size=(8000, 6300)),
        _encoded(kind="GIF"),
        _encoded(kind="BMP"),
        _encoded(kind="TIFF"),
        _encoded(kind="WEBP"),
    ],
    ids=lambda data: f"{data[:8]!r}+{len(data)}",
)
def test_hostile_or_unfit_files_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        cut_picture(data)


def test_large_file_is_refused_unread() -> None:
    with pytest.raises(TooLarge):
        cut_picture(b"\xff\xd8" + b"\0" * LARGEST_FILE)


def test_polyglot_keeps_only_the_picture() -> None:
    data = _encoded(kind="JPEG") + b"<script>alert(1)</script>PK\x03\x04"

    assert all(b"script" not in cut.data and b"PK\x03\x04" not in cut.data for cut in cut_picture(data))


def test_damaged_pictures_never_fail_in_another_way() -> None:
    chance = random.Random(7)  # noqa: S311 - the same damage each time
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "words"
    for original in (_encoded(kind="JPEG", exif=exif), _encoded("P", kind="PNG", exif=exif)):
        for _ in range(60):
            data = bytearray(original)
            for _ in range(chance.randint(1, 8)):
                data[chance.randrange(min(400, len(data)))] = chance.randrange(256)
            with contextlib.suppress(PictureRejected, TooLarge):
                cut_picture(bytes(data))


async def test_new_picture_replaces_the_old_one(database: Database, clock: ManualClock, cast: Cast) -> None:
    model_id = await add_model(database, cast.alice)
    first, second = cut_picture(_encoded()), cut_picture(_encoded())
    async with database.write() as session:
        assert await set_picture(session, clock, cast.alice, model_id, first, caption="") == []
    async with database.write() as session:
        replaced = await set_picture(session, clock, cast.alice, model_id, second, caption="x" * 1000)

    assert sorted(replaced) == sorted(cut.storage_key for cut in first)
    async with database.read() as session:
        assert len((await find_picture(session, second[0].address)).caption) == 500
        with pytest.raises(PictureNotFound):
            await find_picture(session, first[0].address)


async def test_picture_without_words_is_named_after_the_model(database: Database, clock: ManualClock) -> None:
    model_id = await add_model(database, CAST.alice)
    cuts = cut_picture(_encoded())
    async with database.write() as session:
        await set_picture(session, clock, CAST.alice, model_id, cuts, caption="")
        assert (await find_picture(session, cuts[0].address)).caption == "echo"


async def test_colleagues_do_not_set_pictures(database: Database, clock: ManualClock, cast: Cast) -> None:
    model_id = await add_model(database, cast.alice)
    await set_scope(database, model_id, Scope.ACCOUNT)
    with pytest.raises(NotAllowed):
        async with database.write() as session:
            await set_picture(session, clock, cast.bob, model_id, [], caption="")
