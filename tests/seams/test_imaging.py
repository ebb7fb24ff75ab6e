"""Cutters of pictures: the one with processes and the fake do the same; processes are bounded."""

import asyncio
import sys
from pathlib import Path

import pytest

from modelyard.adapters.imaging.base import Cutting, PictureCutter, PictureRejected, PicturesBusy, PictureTooLarge, Size
from modelyard.adapters.imaging.fake import InProcessCutter
from modelyard.adapters.imaging.process import CuttingProcesses
from tests.pictures import SVG, encoded, opened, png

WANTED = Cutting({"card": Size(72, 51), "logo": Size(60, 60, whole=True)}, (64, 64), ", better 100 x 100")


@pytest.fixture(params=["processes", "fake"])
def cutter(request: pytest.FixtureRequest) -> PictureCutter:
    return CuttingProcesses() if request.param == "processes" else InProcessCutter()


async def test_all_sizes_come_back(cutter: PictureCutter) -> None:
    for kind, extension in (("PNG", "png"), ("JPEG", "jpg")):
        picture = await cutter.cut(encoded(size=(200, 100), kind=kind), WANTED)

        assert picture.extension == extension
        assert {name: opened(cut.original).size for name, cut in picture.cuts.items()} == {
            "card": (72, 51),
            "logo": (60, 30),
        }
        assert {opened(cut.webp).format for cut in picture.cuts.values()} == {"WEBP"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (SVG, "SVG"),
        (encoded(size=(200, 100))[:-100], "whole PNG"),
        (encoded(size=(63, 100)), "63 x 100 pixels; it needs at least 64 x 64, better 100 x 100"),
        (png(60_000, 60_000), "60000 x 60000"),
    ],
)
async def test_what_is_no_picture_is_refused(cutter: PictureCutter, data: bytes, words: str) -> None:
    with pytest.raises(PictureRejected, match=words):
        await cutter.cut(data, WANTED)


async def test_large_files_are_refused(cutter: PictureCutter) -> None:
    with pytest.raises(PictureTooLarge):
        await cutter.cut(b"\xff\xd8\xff" + b"\0" * 5_000_000, WANTED)


async def test_the_largest_picture_fits_into_the_memory_of_a_process() -> None:
    picture = await CuttingProcesses().cut(encoded("RGBA", (7070, 7070)), WANTED)

    assert opened(picture.cuts["card"].original).size == (72, 51)


def _program(directory: Path, text: str) -> str:
    """A Python that runs this program, whatever it is asked to."""
    program = directory / "python"
    program.write_text(f"#!{sys.executable}\n{text}\n", encoding="utf-8")
    program.chmod(0o700)
    return str(program)


@pytest.mark.parametrize("text", ["import os; os.abort()", "print('nonsense')", "print('{}')", "raise MemoryError"])
async def test_a_process_that_dies_or_babbles_is_a_picture_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PictureRejected, match="more memory or time"):
        await CuttingProcesses(python=_program(tmp_path, text)).cut(encoded(size=(200, 100)), WANTED)


async def test_a_process_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    program = _program(tmp_path, "import time; time.sleep(100)")
    with pytest.raises(PictureRejected, match="too long"):
        await CuttingProcesses(seconds=0.2, python=program).cut(encoded(size=(200, 100)), WANTED)


async def test_only_some_wait(tmp_path: Path) -> None:
    program = _program(tmp_path, "import time; time.sleep(100)")
    cutter = CuttingProcesses(most_waiting=2, python=program)
    waiting = [asyncio.create_task(cutter.cut(encoded(size=(200, 100)), WANTED)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(PicturesBusy):
        await cutter.cut(encoded(size=(200, 100)), WANTED)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
