"""Pictures over REST: shown in the model, kept for ever by who asks, gone when replaced; bad ones refused."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from modelyard.app import Platform
from tests.asgi import Answer, AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.steps import expect, expect_error, picture, rows, snapshot
from tests.library import add_model, audited, set_scope
from tests.pictures import SVG, encoded, opened, png

LOGO = f"/api/accounting/accounts/{CAST.alice.account_id}/logo"
TAG = "/api/models/tags/image/image"
ACCOUNT = "account/" + CAST.alice.account_id


@pytest.fixture
async def model(platform: Platform) -> str:
    """The address of a model of Alice's."""
    return f"/api/models/{await add_model(platform.database, CAST.alice, name='Sentiment Analysis')}"


def _files(platform: Platform) -> list[Path]:
    return [path for path in (platform.data_dir / "files").rglob("*") if path.is_file()]


async def _until_files(platform: Platform, number: int) -> None:
    async with asyncio.timeout(10):
        while True:
            if len(_files(platform)) == number and not await rows(platform.database, "loose_files"):
                return
            await asyncio.sleep(0.01)


def _by_relation(images: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {image["relationType"]: image for image in images}


def _expect_picture(answer: Answer, media_type: str, size: tuple[int, int]) -> None:
    assert answer.status == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert opened(answer.body).size == size


@pytest.mark.parametrize(("kind", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
async def test_a_picture_is_shown_in_all_sizes(
    alice: AsgiClient, anybody: AsgiClient, model: str, platform: Platform, kind: str, media_type: str
) -> None:
    data = encoded(size=(1200, 800), kind=kind)
    shown = expect(await alice.upload(f"{model}/image?description=Mine", data, file_name="b.svg"), 201)

    images = _by_relation(shown["images"])
    assert set(images) == {"thumbnail", "card", "background", "logo"}
    for relation, size in (("thumbnail", (360, 256)), ("card", (720, 512)), ("background", (1440, 1024))):
        assert (images[relation]["caption"], images[relation]["alt"]) == ("Mine", "Mine")
        _expect_picture(await anybody.call("GET", images[relation]["url"]), media_type, size)
        _expect_picture(await anybody.call("GET", images[relation]["webp"]), "image/webp", size)
    assert expect(await alice.call("GET", f"{model}/image")) == shown["images"]
    assert expect(await alice.call("GET", model))["images"] == shown["images"]
    assert len(_files(platform)) == 6


async def test_who_has_a_picture_is_not_sent_it_again(alice: AsgiClient, anybody: AsgiClient, model: str) -> None:
    shown = expect(await alice.upload(f"{model}/image", picture()), 201)
    for image in shown["images"]:
        first = await anybody.call("GET", image["url"])
        etag = first.headers["etag"]
        for sent in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            again = await anybody.call("GET", image["url"], headers={"if-none-match": sent})
            assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
            assert "immutable" in again.headers["cache-control"]
        assert (await anybody.call("GET", image["url"], headers={"if-none-match": '"other"'})).status == 200


async def test_a_new_picture_removes_the_files_of_the_old_one(
    alice: AsgiClient, anybody: AsgiClient, model: str, platform: Platform
) -> None:
    first = expect(await alice.upload(f"{model}/image", picture()), 201)["images"][0]
    second = expect(await alice.upload(f"{model}/image", picture()), 201)["images"][0]

    await _until_files(platform, 6)
    assert first["url"] != second["url"]
    expect_error(await anybody.call("GET", first["url"]), 404)
    expect_error(await anybody.call("GET", first["url"], headers={"if-none-match": "*"}), 404)
    assert (await anybody.call("GET", second["url"])).status == 200


async def test_words_of_a_picture_change(alice: AsgiClient, model: str) -> None:
    shown = expect(await alice.upload(f"{model}/image", picture()), 201)["images"][0]
    assert (shown["caption"], shown["alt"]) == ("Sentiment Analysis", "Sentiment Analysis")

    changed = expect(await alice.call("PATCH", f"{model}/image", {"caption": "Words", "alt": None}))["images"]
    own = [each for each in changed if each["relationType"] != "logo"]
    assert {(each["caption"], each["alt"]) for each in own} == {("Words", "Words")}
    expect(await alice.call("PATCH", f"{model}/image", {"alt": "A card with words"}))
    changed = expect(await alice.call("PATCH", f"{model}/image", {"caption": ""}))["images"][0]
    assert (changed["caption"], changed["alt"]) == ("Sentiment Analysis", "A card with words")
    assert changed["url"] == shown["url"]
    renamed = expect(await alice.call("PATCH", model, {"name": "Moods"}))["images"][0]
    assert renamed["caption"] == "Moods"
    for wrong in ({"caption": "x" * 501}, {"alt": "a\u0000b"}, {"caption": 5}):
        expect_error(await alice.call("PATCH", f"{model}/image", wrong), 400)


async def test_what_has_no_picture_gets_one_that_is_its_own(
    alice: AsgiClient, anybody: AsgiClient, model: str, platform: Platform
) -> None:
    other = f"/api/models/{await add_model(platform.database, CAST.alice, name='Sentiment Analysis')}"
    images = _by_relation(expect(await alice.call("GET", model))["images"])

    for relation, size in (("thumbnail", (360, 256)), ("card", (720, 512)), ("background", (1440, 1024))):
        assert images[relation]["isGenerated"]
        assert images[relation]["caption"] == "Sentiment Analysis"
        _expect_picture(await anybody.call("GET", images[relation]["url"]), "image/png", size)
        _expect_picture(await anybody.call("GET", images[relation]["webp"]), "image/webp", size)
    _expect_picture(await anybody.call("GET", images["logo"]["url"]), "image/png", (512, 256))
    again = _by_relation(expect(await alice.call("GET", model))["images"])
    assert again == images
    others = _by_relation(expect(await alice.call("GET", other))["images"])
    assert others["logo"]["url"] == images["logo"]["url"]
    first, second = [await anybody.call("GET", each["card"]["url"]) for each in (images, others)]
    assert first.body != second.body
    renamed = _by_relation(expect(await alice.call("PATCH", model, {"name": "Moods"}))["images"])
    assert renamed["card"]["url"] != images["card"]["url"]
    expect_error(await anybody.call("GET", images["card"]["url"]), 404)
    assert _files(platform) == []


async def test_a_picture_is_removed(alice: AsgiClient, anybody: AsgiClient, model: str, platform: Platform) -> None:
    uploaded = expect(await alice.upload(f"{model}/image", picture()), 201)["images"][0]

    shown = expect(await alice.call("DELETE", f"{model}/image"))["images"][0]

    assert shown["isGenerated"]
    expect_error(await anybody.call("GET", uploaded["url"]), 404)
    await _until_files(platform, 0)
    expect_error(await alice.call("DELETE", f"{model}/image"), 409, "upload one first")
    expect_error(await alice.call("PATCH", f"{model}/image", {"caption": "x"}), 409, "upload one first")


async def test_snapshots(alice: AsgiClient, anybody: AsgiClient, model: str, platform: Platform) -> None:
    path = f"{model}/snapshot-image"
    assert expect(await alice.call("GET", path)) == []
    first = expect(await alice.upload(f"{path}?caption=First", encoded(size=(2000, 1000))), 201)
    second = expect(await alice.upload(path, encoded(size=(1024, 576), kind="JPEG")), 201)

    _expect_picture(await anybody.call("GET", first["url"]), "image/png", (1440, 720))
    _expect_picture(await anybody.call("GET", second["webp"]), "image/webp", (1024, 576))
    assert [first["caption"], second["caption"]] == ["First", "Sentiment Analysis"]
    assert {first["relationType"], second["relationType"]} == {"snapshot"}
    assert expect(await alice.call("GET", model))["snapshotImages"] == [first, second]
    turned = [second["identifier"], first["identifier"]]
    for body in (turned, {"identifiers": turned}):
        assert expect(await alice.call("PUT", path, body)) == [second, first]
    for wrong in ([], turned[:1], turned + turned, ["x"], {"identifiers": "x"}, {}, "x", [1], None):
        expect_error(await alice.call("PUT", path, wrong), 400)
    changed = expect(await alice.call("PATCH", f"{path}/{turned[0]}", {"caption": "Second"}))
    assert changed[0]["caption"] == "Second"
    assert expect(await alice.call("DELETE", f"{path}/{turned[0]}")) == [first]
    expect_error(await alice.call("DELETE", f"{path}/{turned[0]}"), 404)
    expect_error(await anybody.call("GET", second["url"]), 404)
    await _until_files(platform, 2)


async def test_the_logo_of_an_account_is_on_all_of_its_models(
    alice: AsgiClient,
    bob: AsgiClient,
    olga: AsgiClient,
    anybody: AsgiClient,
    charlie: AsgiClient,
    model: str,
    platform: Platform,
) -> None:
    made = expect(await bob.call("GET", LOGO))
    assert made == _by_relation(expect(await alice.call("GET", model))["images"])["logo"]
    expect_error(await alice.upload(LOGO, encoded(size=(300, 100))), 403)
    expect_error(await charlie.upload(LOGO, encoded(size=(300, 100))), 403)
    expect_error(await charlie.call("GET", LOGO), 404)

    logo = expect(await olga.upload(LOGO, encoded("RGBA", size=(300, 100))), 201)

    _expect_picture(await anybody.call("GET", logo["url"]), "image/png", (300, 100))
    assert logo["caption"] == "acme"
    for shown in (expect(await alice.call("GET", model)), expect(await alice.call("GET", "/api/models/latest"))[0]):
        assert _by_relation(shown["images"])["logo"] == logo
        assert shown["snapshotImages"] == []
    expect_error(await alice.call("DELETE", LOGO), 403)
    assert expect(await olga.call("DELETE", LOGO)) == made
    await _until_files(platform, 0)
    expect_error(await olga.call("DELETE", LOGO), 409)
    assert await audited(platform.database, ACCOUNT) == ["account:logo-set", "account:logo-removed"]


async def test_a_renamed_account_and_its_models_have_logos_that_can_be_read(
    alice: AsgiClient, olga: AsgiClient, anybody: AsgiClient, model: str
) -> None:
    expect(await olga.call("PATCH", f"/api/accounting/accounts/{CAST.alice.account_id}", {"name": "Zebra"}))
    of_account = expect(await olga.call("GET", LOGO))
    of_model = _by_relation(expect(await alice.call("GET", model))["images"])["logo"]

    for logo in (of_account, of_model):
        _expect_picture(await anybody.call("GET", logo["url"]), "image/png", (512, 256))


BAD_FILES: list[tuple[bytes, int, str]] = [
    (b"", 400, "empty"),
    (SVG, 400, "SVG"),
    (b"GIF89a", 400, "GIF"),
    (b"x" * 5_000_001, 413, "5000000 bytes"),
    (picture()[:500], 400, "whole PNG"),
    (picture((100, 100)), 400, "100 x 100"),
    (png(0, 0), 400, "0 x 0"),
    (png(60_000, 60_000), 400, "60000 x 60000"),
]


async def test_bad_pictures_change_nothing(alice: AsgiClient, olga: AsgiClient, model: str, platform: Platform) -> None:
    before = await snapshot(platform.database)
    for path in (f"{model}/image", f"{model}/snapshot-image", LOGO, TAG):
        client = olga if path in {LOGO, TAG} else alice
        for data, status, words in BAD_FILES:
            if "100 x 100" not in words or path.startswith(model):
                expect_error(await client.upload(path, data, file_name="a.png", media_type="image/png"), status, words)
        expect_error(await client.call("POST", path, {}), 400, "multipart")
        plain = b'--edge\r\nContent-Disposition: form-data; name="picture"\r\n\r\nwords\r\n--edge--\r\n'
        expect_error(await client.multipart(path, plain), 400, "'file'")
        expect_error(await client.multipart(path, b"--edge--\r\n"), 400)
        if path != TAG:
            expect_error(await client.upload(f"{path}?caption={'x' * 501}", picture()), 400, "caption")
    assert await snapshot(platform.database) == before
    assert _files(platform) == []


async def test_exactly_five_megabytes_are_taken(alice: AsgiClient, model: str) -> None:
    data = picture()
    expect(await alice.upload(f"{model}/image", data + b"\0" * (5_000_000 - len(data))), 201)


async def test_addresses_that_lead_nowhere(alice: AsgiClient, anybody: AsgiClient, model: str) -> None:
    shown = expect(await alice.call("GET", model))["images"][0]["url"].rpartition("/")[2]
    subject, _, rest = shown.partition("-")
    digest = rest.partition("_")[0]
    for name in (
        "nothing",
        "%00_card.png",
        f"{subject}-{'0' * 20}_thumbnail.png",
        f"{subject}-{digest}_logo.png",
        f"{subject}-{digest}_icon.png",
        f"{subject}-{digest}_snapshot.png",
        f"{subject}-{digest}_thumbnail.jpg",
        f"{subject}-{digest}_huge.png",
        f"%00-{digest}_thumbnail.png",
        f"{'0' * 32}_card.png",
        "x" * 5000,
        "..%2f..%2fmodelyard.db",
        "%ff%fe_card.png",
        "%f0%9f%98%80_card.png",
    ):
        expect_error(await anybody.call("GET", f"/api/pictures/{name}"), 404)


async def test_who_sees_a_model_but_does_not_own_it(bob: AsgiClient, model: str, platform: Platform) -> None:
    await set_scope(platform.database, model.rpartition("/")[2], "ACCOUNT")
    for method, path in (("DELETE", "image"), ("DELETE", "snapshot-image/" + "0" * 32)):
        expect_error(await bob.call(method, f"{model}/{path}"), 403)
    for path in ("image", "snapshot-image"):
        expect_error(await bob.upload(f"{model}/{path}", picture()), 403)
    expect_error(await bob.call("PATCH", f"{model}/image", {}), 403)
    expect_error(await bob.call("PUT", f"{model}/snapshot-image", []), 403)
