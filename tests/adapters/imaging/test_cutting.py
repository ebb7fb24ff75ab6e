"""Pictures: good ones are cut, hostile ones refused, and nothing but the picture is kept."""

import contextlib
import io
import random

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from modelyard.adapters.imaging.base import LARGEST_FILE, Cutting, PictureRejected, PictureTooLarge, Size
from modelyard.adapters.imaging.cutting import cut_picture
from tests.pictures import SVG, encoded, opened, png, saved

SIZES = {"thumbnail": Size(360, 256), "card": Size(720, 512), "background": Size(1440, 1024)}
WANTED = Cutting(SIZES, (1024, 576), ", better 1440 x 1024")
WHOLE = Cutting({"logo": Size(512, 256, whole=True)}, (32, 32))


def _all(data: bytes, wanted: Cutting = WANTED) -> list[bytes]:
    return [part for cut in cut_picture(data, wanted).cuts.values() for part in (cut.original, cut.webp)]


@pytest.mark.parametrize(
    ("mode", "kind", "extension"),
    [
        ("RGB", "JPEG", "jpg"),
        ("L", "JPEG", "jpg"),
        ("CMYK", "JPEG", "jpg"),
        ("RGB", "PNG", "png"),
        ("RGBA", "PNG", "png"),
        ("LA", "PNG", "png"),
        ("P", "PNG", "png"),
        ("1", "PNG", "png"),
        ("I;16", "PNG", "png"),
    ],
)
def test_picture_is_cut_to_all_sizes_in_its_format_and_as_webp(mode: str, kind: str, extension: str) -> None:
    picture = cut_picture(encoded(mode, kind=kind), WANTED)

    assert picture.extension == extension
    for name, cut in picture.cuts.items():
        assert opened(cut.original).size == opened(cut.webp).size == (SIZES[name].width, SIZES[name].height)
        assert opened(cut.original).format == kind
        assert opened(cut.webp).format == "WEBP"


def test_the_middle_is_kept() -> None:
    wide = Image.new("RGB", (3000, 600), "red")
    wide.paste((0, 0, 255), (1250, 0, 1750, 600))

    card = opened(cut_picture(saved(wide, "PNG"), WANTED).cuts["card"].original)

    assert card.getpixel((360, 256)) == (0, 0, 255)
    assert card.getpixel((5, 256)) == (255, 0, 0)
    assert card.getpixel((714, 256)) == (255, 0, 0)


def test_whole_pictures_keep_their_sides_and_are_never_enlarged() -> None:
    assert opened(cut_picture(encoded(size=(1000, 250)), WHOLE).cuts["logo"].original).size == (512, 128)
    assert opened(cut_picture(encoded(size=(40, 50)), WHOLE).cuts["logo"].webp).size == (40, 50)


def test_orientation_is_applied_and_metadata_left_behind() -> None:
    lying = Image.new("RGB", (600, 1100), "red")
    lying.paste((0, 0, 255), (0, 0, 600, 550))  # the upper half, which is on the right once upright
    exif = lying.getexif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = "secret place"
    data = saved(lying, "JPEG", exif=exif, comment=b"secret comment", icc_profile=b"secret profile" * 10)

    for part in _all(data):
        assert b"secret" not in part
        assert not opened(part).getexif()
    card = opened(cut_picture(data, WANTED).cuts["card"].original)
    assert _near(card.getpixel((700, 256)), (0, 0, 255))
    assert _near(card.getpixel((20, 256)), (255, 0, 0))


def _near(found: object, wanted: tuple[int, int, int], distance: int = 12) -> bool:
    assert isinstance(found, tuple)
    return all(abs(first - second) <= distance for first, second in zip(found, wanted, strict=False))


def test_text_in_a_png_is_left_behind() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "secret")
    for part in _all(encoded("RGBA", pnginfo=text, exif=b"Exif\x00\x00secret", icc_profile=b"secret profile")):
        assert b"secret" not in part


def test_transparent_palette_stays_transparent() -> None:
    for part in _all(encoded("P", transparency=0)):
        found = opened(part).convert("RGBA").getpixel((0, 0))
        assert isinstance(found, tuple)
        assert found[3] == 0


def test_sixteen_bits_of_grey_are_scaled_and_not_clipped() -> None:
    grey = Image.new("I;16", (1100, 600), 0x8000)

    for part in _all(saved(grey, "PNG")):
        assert _near(opened(part).convert("RGB").getpixel((10, 10)), (128, 128, 128), 2)


def test_colours_are_those_that_the_profile_means() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    swapped = Image.new("RGB", (1100, 600), (200, 30, 30))
    of_another_kind = saved(swapped, "PNG", icc_profile=lab.tobytes())  # a profile that does not fit is ignored
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    plain = saved(swapped, "PNG", icc_profile=srgb.tobytes())

    for data in (of_another_kind, plain):
        for part in _all(data):
            assert _near(opened(part).convert("RGB").getpixel((10, 10)), (200, 30, 30), 4)
            assert "icc_profile" not in opened(part).info


def test_of_a_moving_picture_the_first_frame_is_taken() -> None:
    frames = [Image.new("RGB", (1100, 600), colour) for colour in ("red", "lime", "blue")]
    moving = saved(frames[0], "PNG", save_all=True, append_images=frames[1:])
    several = saved(frames[0], "MPO", save_all=True, append_images=frames[1:])  # a JPEG with more behind it

    for data, kind in ((moving, "PNG"), (several, "JPEG")):
        cut = cut_picture(data, WANTED).cuts["card"]
        assert opened(cut.original).format == kind
        assert getattr(opened(cut.webp), "n_frames", 1) == 1
        assert _near(opened(cut.webp).convert("RGB").getpixel((10, 10)), (255, 0, 0))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"no picture", "no JPEG or PNG"),
        (SVG, "SVG"),
        (b"\xef\xbb\xbf  " + SVG, "SVG"),
        (b"<html><script>alert(1)</script>", "no JPEG or PNG"),
        (b"%PDF-1.4", "PDF"),
        (b"\x00" * 100_000, "no JPEG or PNG"),
        (b"\x89PNG\r\n\x1a\n", "too early"),
        (b"\xff\xd8\xff", "whole JPEG"),
        (encoded(kind="PNG")[:-200], "whole PNG"),
        (encoded(kind="JPEG")[: len(encoded(kind="JPEG")) // 2], "whole JPEG"),
        (png(60_000, 60_000), "60000 x 60000"),
        (png(0, 0), "0 x 0"),
        (png(1100, 600, extra_chunks=20_001), "chunks"),
        (png(1100, 600), "whole PNG"),
        (b"\xff\xd8\xff" + b"\xff\xda" * 300, "scans"),
        (encoded(size=(1023, 576)), "1023 x 576 pixels; it needs at least 1024 x 576, better 1440 x 1024"),
        (encoded(size=(1024, 575)), "1024 x 575"),
        (encoded(size=(8000, 6300)), "8000 x 6300"),
        (encoded(kind="GIF"), "GIF"),
        (encoded(kind="BMP"), "BMP"),
        (encoded(kind="TIFF"), "TIFF"),
        (encoded(kind="WEBP"), "WebP"),
        (encoded(kind="AVIF"), "AVIF"),
    ],
    ids=lambda value: f"{value[:8]!r}+{len(value)}",
)
def test_hostile_or_unfit_files_are_refused_with_the_reason(data: bytes, words: str) -> None:
    with pytest.raises(PictureRejected, match=words):
        cut_picture(data, WANTED)


def test_large_file_is_refused_unread() -> None:
    with pytest.raises(PictureTooLarge, match=str(LARGEST_FILE)):
        cut_picture(b"\xff\xd8" + b"\0" * LARGEST_FILE, WANTED)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_polyglot_keeps_only_the_picture(kind: str) -> None:
    data = encoded(kind=kind) + b"<script>alert(1)</script>PK\x03\x04"

    assert all(b"script" not in part and b"PK\x03\x04" not in part for part in _all(data))


def test_damaged_pictures_never_fail_in_another_way() -> None:
    chance = random.Random(7)  # noqa: S311 - the same damage each time
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "words"
    small = Cutting({"icon": Size(64, 64)}, (32, 32))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for original in (
        encoded(size=(200, 100), kind="JPEG", exif=exif, icc_profile=profile),
        encoded("P", (200, 100), "PNG", exif=exif, transparency=0),
        encoded("I;16", (200, 100), "PNG"),
    ):
        for _ in range(100):
            data = bytearray(original)
            for _ in range(chance.randint(1, 8)):
                data[chance.randrange(min(700, len(data)))] = chance.randrange(256)
            with contextlib.suppress(PictureRejected):
                cut_picture(bytes(data), small)


def test_very_large_pictures_are_reduced_first() -> None:
    large = cut_picture(encoded("RGBA", (7000, 7000)), Cutting({"icon": Size(256, 256)}, (32, 32)))

    assert opened(large.cuts["icon"].original).size == (256, 256)
    assert io.BytesIO(large.cuts["icon"].webp).getbuffer().nbytes < 10_000
