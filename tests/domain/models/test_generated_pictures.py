"""Addresses of drawn pictures: they change with what is shown, and others lead nowhere."""

import pytest

from modelyard.core.database import Database
from modelyard.domain.models.generated_pictures import (
    find_generated,
    generated_address,
    initials,
    logo_artwork,
    model_artwork,
)
from modelyard.domain.models.picture_files import Address
from modelyard.domain.models.pictures import PictureNotFound
from tests.cast import Cast
from tests.library import add_model


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Sentiment Analysis", "SA"),
        ("echo", "Ec"),
        ("file-type", "FT"),
        ("x", "X"),
        ("Évaluation", "Ev"),
        ("resnet50_v2", "RV"),
        ("画像 分類", "画分"),
        ("...", ""),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


async def test_an_address_leads_to_what_it_says(database: Database, cast: Cast) -> None:
    model_id = await add_model(database, cast.alice)
    artwork = model_artwork(model_id, "echo")
    logo = logo_artwork(cast.alice.account_id, "acme")
    async with database.read() as session:
        assert await find_generated(session, generated_address(model_id, artwork, "card", "webp")) == artwork
        assert await find_generated(session, generated_address(cast.alice.account_id, logo, "logo")) == logo
        for wrong in (
            generated_address(model_id, model_artwork(model_id, "other"), "card"),
            generated_address("zzzzzzzzzz", artwork, "card"),
            generated_address(model_id, artwork, "logo"),
            generated_address(model_id, artwork, "card", "jpg"),
            Address(model_id, "card", "png"),
            Address(f"{model_id}-" + "0" * 20, "card", "png"),
            Address("\0-" + "0" * 20, "card", "png"),
        ):
            with pytest.raises(PictureNotFound):
                await find_generated(session, wrong)
