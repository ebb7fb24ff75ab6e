"""Pictures of people: taken from who may set them, cleaned, replaced, and removed with the person."""

import io
from pathlib import Path

from fastapi import FastAPI
from PIL import Image

from modelyard.app import Platform
from modelyard.domain.accounts.roles import Role
from tests.asgi import AsgiClient
from tests.entrypoints.rest.people import ACME, SOUND, add_someone
from tests.entrypoints.rest.steps import expect, expect_error, snapshot
from tests.library import audited

USERS = "/api/accounting/users"


def _portrait(size: tuple[int, int] = (300, 200), kind: str = "JPEG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size).save(buffer, kind, **options)
    return buffer.getvalue()


def _files(platform: Platform) -> list[Path]:
    return [path for path in (platform.data_dir / "files").rglob("*") if path.is_file()]


async def test_a_picture_of_oneself(alice: AsgiClient, anybody: AsgiClient, platform: Platform) -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret place"

    user = expect(await alice.upload(f"{USERS}/user-alice/picture", _portrait(exif=exif, comment=b"secret")), 201)

    answer = await anybody.call("GET", user["pictureURL"])
    assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-security-policy"] == "sandbox"
    assert b"secret" not in answer.body
    assert Image.open(io.BytesIO(answer.body)).size == (256, 256)
    assert await audited(platform.database, "user/user-alice") == ["user:picture-set"]


async def test_a_new_picture_replaces_the_old_one(alice: AsgiClient, anybody: AsgiClient, platform: Platform) -> None:
    first = expect(await alice.upload(f"{USERS}/user-alice/picture", _portrait()), 201)["pictureURL"]
    second = expect(await alice.upload(f"{USERS}/user-alice/picture", _portrait(kind="PNG")), 201)["pictureURL"]

    assert first != second
    expect_error(await anybody.call("GET", first), 404)
    assert (await anybody.call("GET", second)).status == 200
    assert len(_files(platform)) == 1


async def test_the_picture_goes_with_the_person(
    alice: AsgiClient, olga: AsgiClient, anybody: AsgiClient, platform: Platform
) -> None:
    address = expect(await alice.upload(f"{USERS}/user-alice/picture", _portrait()), 201)["pictureURL"]

    gone = expect(await olga.call("DELETE", f"/api/accounting/accounts/{ACME}/users/user-alice"))

    assert "pictureURL" not in gone
    expect_error(await anybody.call("GET", address), 404)
    assert _files(platform) == []
    expect_error(await olga.upload(f"{USERS}/user-alice/picture", _portrait()), 409, "final")


async def test_who_may_set_whose_picture(
    app: FastAPI, platform: Platform, alice: AsgiClient, olga: AsgiClient, charlie: AsgiClient
) -> None:
    administrator = await add_someone(app, platform, Role.ACCOUNT_ADMIN)
    both = await add_someone(app, platform, Role.DEVELOPER, also_in=(SOUND,))
    before = await snapshot(platform.database)

    expect_error(await alice.upload(f"{USERS}/user-bob/picture", _portrait()), 403)
    expect_error(await charlie.upload(f"{USERS}/user-bob/picture", _portrait()), 404)
    expect_error(await administrator.client.upload(f"{USERS}/{both.user_id}/picture", _portrait()), 403, "other teams")
    expect_error(await administrator.client.upload(f"{USERS}/user-olga/picture", _portrait()), 404)
    assert await snapshot(platform.database) == before
    assert _files(platform) == []
    expect(await administrator.client.upload(f"{USERS}/user-bob/picture", _portrait()), 201)
    expect(await olga.upload(f"{USERS}/user-charlie/picture", _portrait()), 201)


async def test_files_that_are_no_picture(alice: AsgiClient, platform: Platform) -> None:
    before = await snapshot(platform.database)
    path = f"{USERS}/user-alice/picture"
    page = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    for data in (b"", b"x", page, _portrait()[:-200], _portrait(kind="GIF"), _portrait((31, 31)), b"\x89PNG\r\n\x1a\n"):
        expect_error(await alice.upload(path, data, file_name="me.png", media_type="image/png"), 400)
    expect_error(await alice.upload(path, b"x" * 5_000_001), 413)
    expect_error(await alice.upload(path, _portrait((8000, 7000), "PNG")), 400, "pixels")
    expect_error(await alice.call("POST", path, {}), 400, "multipart")
    assert await snapshot(platform.database) == before
    assert _files(platform) == []


async def test_unknown_addresses(anybody: AsgiClient) -> None:
    for name in ("nothing", "%00", "..%2f..%2fmodelyard.db", "x" * 5000):
        expect_error(await anybody.call("GET", f"/api/portraits/{name}"), 404)
