"""Drawn pictures: always the same for the same thing, different for different ones, and with initials when it can."""

import asyncio

import pytest

from modelyard.adapters.imaging.artist import Artist
from modelyard.adapters.imaging.base import Artwork, Motif
from modelyard.adapters.imaging.drawing import draw_artwork, readable
from modelyard.adapters.imaging.symbols import known_symbols
from modelyard.domain.models.tag_names import CATEGORY_OF
from tests.pictures import opened

SMALL = (90, 64)


def _model(seed: str, text: str = "Sa") -> Artwork:
    return Artwork(Motif.MODEL, seed, text)


@pytest.mark.parametrize(("extension", "kind"), [("png", "PNG"), ("webp", "WEBP")])
def test_the_same_is_drawn_the_same(extension: str, kind: str) -> None:
    for artwork in (_model("a"), Artwork(Motif.LOGO, "a", "Ac"), Artwork(Motif.TAG, "", "Co", "count", "Task")):
        first = draw_artwork(artwork, *SMALL, extension)

        assert first == draw_artwork(artwork, *SMALL, extension)
        assert (opened(first).format, opened(first).size) == (kind, SMALL)


def test_different_models_look_different() -> None:
    pictures = {draw_artwork(_model(f"seed {number}"), *SMALL, "png") for number in range(60)}

    assert len(pictures) == 60
    assert draw_artwork(_model("a", "Sa"), *SMALL, "png") != draw_artwork(_model("a", "Mo"), *SMALL, "png")


def test_every_predefined_tag_has_a_pictogram_of_its_own() -> None:
    assert set(known_symbols()) == set(CATEGORY_OF)
    pictures = {draw_artwork(Artwork(Motif.TAG, "", "", tag), *SMALL, "png") for tag in known_symbols()}
    assert len(pictures) == len(known_symbols())


@pytest.mark.parametrize(("text", "shown"), [("Sa", "Sa"), ("画像", ""), ("A画", "A"), ("", ""), ("\U0001f600", "")])
def test_letters_that_the_font_has_not_are_left_out(text: str, shown: str) -> None:
    assert readable(text) == shown
    assert opened(draw_artwork(_model("a", text), *SMALL, "png")).size == SMALL


async def test_the_artist_remembers_within_limits() -> None:
    picture = draw_artwork(_model("a"), *SMALL, "png")
    artist = Artist(most_kept=len(picture) + 10)

    first, second = await asyncio.gather(*(artist.draw(_model("a"), *SMALL, "png") for _ in range(2)))
    assert first is second
    await artist.draw(_model("b"), *SMALL, "png")
    again = await artist.draw(_model("a"), *SMALL, "png")
    assert again == first
    assert again is not first
