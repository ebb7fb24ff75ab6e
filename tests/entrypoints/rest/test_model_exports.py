"""A model travels as one file: what comes in is what went out, or nothing at all."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from PIL import Image, ImageChops

from modelyard.app import Platform
from modelyard.domain.accounts.roles import Role
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.callers import VISION, key_with
from tests.entrypoints.rest.steps import Walk, archive, expect, expect_error, picture, snapshot, until, until_ready
from tests.library import audited, set_scope
from tests.machine import REFERENCE, Machine
from tests.model_exports import changed, members_of, named, packed, readdressed, tar_of

IMPORT = "/api/models/import"
CARD = {"intendedUse": "To find *good* days.", "risk": {"rating": "limited"}, "languages": ["en"]}
NEW = "abcdefghij"
"""An identifier that nothing has."""


@pytest.fixture
async def whole(alice: AsgiClient, walk: Walk, tmp_path: Path) -> str:
    """The identifier of a model that has everything a model can have."""
    model_id = await walk.deployed(archive(tmp_path))
    path = f"/api/models/{model_id}"
    version = f"{path}/versions/0.1.0"
    expect(await alice.call("PATCH", path, {"description": "Says how a day was.", "tags": ["Text", "my own"]}))
    words = {"longDescription": "# Days", "technicalDetails": "Small.", "versionHistory": "The first."}
    statistics = [{"label": "F1", "value": 0.5, "highlight": True, "order": 0}]
    expect(await alice.call("PATCH", version, {**words, "statistics": statistics}))
    expect(await alice.call("PUT", f"{version}/card", CARD))
    sample = {"model": {"identifier": model_id, "version": "0.1.0"}, "input": {"type": "text"}}
    expect(await alice.call("PUT", f"{version}/sample-input", sample))
    expect(await alice.call("PUT", f"{version}/sample-output", {"label": "good"}))
    expect(await alice.upload(f"{path}/image?caption=A+day&alt=The+sun", picture(), file_name="day.png"), 201)
    expect(await alice.upload(f"{path}/snapshot-image?caption=Wide", picture((3000, 600)), file_name="w.png"), 201)
    expect(await alice.upload(f"{path}/snapshot-image?caption=Other", picture(), file_name="o.png"), 201)
    expect(await alice.call("PATCH", f"{path}/visibility", {"scope": "ACCOUNT"}))
    return model_id


async def export(client: AsgiClient, model_id: str, query: str = "") -> bytes:
    answer = await client.call("GET", f"/api/models/{model_id}/export{query}")
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "application/x-tar"
    assert answer.headers["cache-control"] == "private, no-store"
    return answer.body


async def expect_nothing_stored(client: AsgiClient, platform: Platform, data: bytes, *words: str) -> None:
    """The file is refused with these words, and leaves neither rows nor files."""
    before, files = await snapshot(platform.database), _files(platform)
    expect_error(await client.upload(IMPORT, data), 400, *words)
    assert await snapshot(platform.database) == before
    assert _files(platform) == files


def _files(platform: Platform) -> set[str]:
    below = [platform.uploads, platform.data_dir / "files"]
    return {str(path) for directory in below for path in directory.rglob("*") if path.is_file()}


async def test_a_file_holds_all_that_a_model_is(alice: AsgiClient, whole: str, platform: Platform) -> None:
    data = await export(alice, whole)

    members = members_of(data)
    manifest = json.loads(members["manifest.json"])
    assert list(members)[:4] == [
        "manifest.json",
        "model.json",
        "versions/0.1.0/version.json",
        "versions/0.1.0/card.json",
    ]
    assert (manifest["format"], manifest["formatVersion"], manifest["versions"]) == ("modelyard-model", 1, ["0.1.0"])
    assert members["versions/0.1.0/test-inputs/1"] == b"a good day"
    assert [name for name in members if name.startswith("pictures/")] == [
        "pictures/picture.png",
        "pictures/snapshot-1.png",
        "pictures/snapshot-2.png",
    ]
    (image,) = manifest["images"]
    with tarfile.open(fileobj=io.BytesIO(members[image])) as inner:
        assert "manifest.json" in inner.getnames()
    version = json.loads(members["versions/0.1.0/version.json"])
    assert version["hardware"] == {
        "name": "1 CPU, 1 GB",
        "cpuMillis": 1000,
        "memoryBytes": 10**9,
        "gpuUnits": 0,
        "isEdge": False,
    }
    assert list(platform.uploads.iterdir()) == []
    assert (await audited(platform.database, f"model/{whole}"))[-1] == "model:exported"


async def test_what_comes_in_is_what_went_out(
    alice: AsgiClient, charlie: AsgiClient, whole: str, platform: Platform
) -> None:
    data = await export(alice, whole)
    answer = expect(await charlie.upload(IMPORT, packed(readdressed(members_of(data), NEW))), 201)

    assert answer == {
        "identifier": NEW,
        "modelId": NEW,
        "isNew": True,
        "added": ["0.1.0"],
        "present": [],
        "notes": [],
    }
    before, after = [
        [expect(await who.call("GET", f"/api/models/{one}{more}")) for more in ("", "/versions/0.1.0")]
        for who, one in ((alice, whole), (charlie, NEW))
    ]
    for name in ("name", "description", "tags", "visibility"):
        assert before[0][name] == after[0][name]
    for name in ("inputs", "outputs", "statistics", "timeout", "longDescription", "technicalDetails", "processing"):
        assert before[1][name] == after[1][name]
    assert before[1]["requirement"] == after[1]["requirement"]
    assert json.loads(after[1]["sampleInput"])["model"] == {"identifier": NEW, "version": "0.1.0"}
    assert after[0]["createdByEmail"] == CAST.charlie.email
    cards = [
        expect(await who.call("GET", f"/api/models/{one}/versions/0.1.0/card"))["card"]
        for who, one in ((alice, whole), (charlie, NEW))
    ]
    assert cards[0] == cards[1]
    await _expect_same_pictures(alice, before[0], after[0])
    assert (await audited(platform.database, f"model/{NEW}"))[-1] == "model:imported"


async def _expect_same_pictures(client: AsgiClient, before: Any, after: Any) -> None:
    for kind in ("images", "snapshotImages"):
        own = [[each for each in model[kind] if each["relationType"] != "logo"] for model in (before, after)]
        assert len(own[0]) == len(own[1]) > 0
        for left, right in zip(*own, strict=True):
            assert (left["caption"], left["alt"], left["relationType"]) == (
                right["caption"],
                right["alt"],
                right["relationType"],
            )
            shown = [Image.open(io.BytesIO((await client.call("GET", one["url"])).body)) for one in (left, right)]
            assert shown[0].size == shown[1].size
            assert ImageChops.difference(*shown).getbbox() is None


async def test_an_imported_version_is_tested_and_activated_like_any_other(
    alice: AsgiClient, charlie: AsgiClient, whole: str
) -> None:
    expect(await charlie.upload(IMPORT, packed(readdressed(members_of(await export(alice, whole)), NEW))), 201)
    path = f"/api/models/{NEW}/versions/0.1.0"
    expect_error(await charlie.call("PATCH", path, {"status": "active"}), 409, "load test")

    await until(charlie, f"{path}/container-image", lambda state: state["percentage"] == 100)
    for test in ("load-process", "run-process"):
        expect(await charlie.call("POST", f"{path}/{test}"))
        ended = await until(charlie, f"{path}/{test}", lambda state: "result" in state)
        assert ended["result"]["status"] == "SUCCESSFUL", ended
    assert expect(await charlie.call("PATCH", path, {"status": "active"}))["status"] == "active"


async def test_the_same_file_again_changes_nothing(alice: AsgiClient, whole: str, platform: Platform) -> None:
    data = await export(alice, whole)
    before, files = await snapshot(platform.database), _files(platform)
    told = await audited(platform.database)

    answer = expect(await alice.upload(IMPORT, data))

    assert (answer["identifier"], answer["isNew"], answer["added"], answer["present"]) == (whole, False, [], ["0.1.0"])
    assert await audited(platform.database) == told
    assert await snapshot(platform.database) == before
    assert _files(platform) == files


async def test_missing_versions_are_added(alice: AsgiClient, whole: str, platform: Platform) -> None:
    expect(await alice.call("POST", f"/api/models/{whole}/versions/0.1.0/clone", {"version": "0.2.0"}), 201)
    data = await export(alice, whole, "?versions=all")
    members = members_of(data)
    assert len(json.loads(members["manifest.json"])["images"]) == 1
    expect(await alice.upload(IMPORT, packed(readdressed(members_of(await export(alice, whole)), NEW))), 201)

    answer = expect(await alice.upload(IMPORT, packed(readdressed(members, NEW))))

    assert (answer["added"], answer["present"]) == (["0.2.0"], ["0.1.0"])
    await until(alice, f"/api/models/{NEW}/versions/0.2.0/container-image", lambda state: state["percentage"] == 100)
    await until(alice, f"/api/models/{NEW}/versions/0.1.0/container-image", lambda state: state["percentage"] == 100)
    assert list(platform.uploads.iterdir()) == []


async def test_a_version_that_is_another_one_is_refused(alice: AsgiClient, whole: str, platform: Platform) -> None:
    data = await export(alice, whole)
    expect(await alice.call("PATCH", f"/api/models/{whole}/versions/0.1.0", {"versionHistory": "Not the first."}))
    expect(await alice.call("PUT", f"/api/models/{whole}/versions/0.1.0/card", {"caveats": "Some"}))
    before = await snapshot(platform.database)

    expect_error(await alice.upload(IMPORT, data), 409, "release notes, card", "nothing was imported")

    assert await snapshot(platform.database) == before


async def test_an_identifier_in_use_makes_another_model(
    alice: AsgiClient, charlie: AsgiClient, whole: str, walk: Walk
) -> None:
    answer = expect(await charlie.upload(IMPORT, await export(alice, whole)), 201)
    assert answer["identifier"] != whole
    assert f"The identifier {whole} is in use" in answer["notes"][0]
    sample = expect(await charlie.call("GET", f"/api/models/{answer['identifier']}/versions/0.1.0/sample-input"))
    assert sample["model"]["identifier"] == answer["identifier"]

    strange = packed(readdressed(members_of(await export(alice, whole, "?images=false")), "../../etc/x"))
    answer = expect(await charlie.upload(IMPORT, strange), 201)
    assert len(answer["identifier"]) == 10


async def test_a_version_can_be_chosen(alice: AsgiClient, walk: Walk) -> None:
    path = await walk.described()
    model_id = path.split("/")[3]
    expect_error(await alice.call("GET", f"/api/models/{model_id}/export"), 409, "no active version", "0.1.0")
    expect_error(await alice.call("GET", f"/api/models/{model_id}/export?versions=9.9.9"), 404)
    members = members_of(await export(alice, model_id, "?versions=0.1.0&images=false"))
    assert json.loads(members["manifest.json"])["versions"] == ["0.1.0"]


async def test_an_image_that_is_not_there_is_told_before_the_first_byte(alice: AsgiClient, walk: Walk) -> None:
    model_id = await walk.active()
    await until_ready(alice)
    expect_error(await alice.call("GET", f"/api/models/{model_id}/export"), 503, "could not get it")


async def test_without_images_they_are_pulled(
    alice: AsgiClient, charlie: AsgiClient, walk: Walk, machine: Machine
) -> None:
    machine.publish()
    path = await walk.model()
    model_id = path.split("/")[3]
    expect(await alice.call("POST", f"{path}/container-image", {"registry": {"url": REFERENCE}}), 201)
    await until(alice, f"{path}/container-image", lambda state: state["percentage"] == 100)
    data = await export(alice, model_id, "?versions=0.1.0&images=false")
    assert not [name for name in members_of(data) if name.startswith("images/")]

    expect(await charlie.upload(IMPORT, packed(readdressed(members_of(data), NEW))), 201)

    image = expect(await charlie.call("GET", f"/api/models/{NEW}/versions/0.1.0"))["containerImage"]
    original = expect(await alice.call("GET", path))["containerImage"]
    assert image["reference"].endswith("@" + original["digest"])


async def test_without_image_and_reference_the_version_waits_for_one(
    alice: AsgiClient, charlie: AsgiClient, whole: str
) -> None:
    data = packed(readdressed(members_of(await export(alice, whole, "?images=false")), NEW))
    answer = expect(await charlie.upload(IMPORT, data), 201)
    assert "no image of the version 0.1.0" in answer["notes"][0]


async def test_hardware_is_found_by_what_it_means(alice: AsgiClient, charlie: AsgiClient, whole: str) -> None:
    members = readdressed(members_of(await export(alice, whole, "?images=false")), NEW)
    name = "versions/0.1.0/version.json"
    hardware = {"name": "odd", "cpuMillis": 1500, "memoryBytes": 10**9, "gpuUnits": 0}
    answer = expect(await charlie.upload(IMPORT, packed(changed(members, name, hardware=hardware))), 201)
    found = expect(await charlie.call("GET", f"/api/models/{NEW}/versions/0.1.0"))["requirement"]
    assert found["name"] in answer["notes"][0]
    assert found["requirementId"] == 3

    huge = changed(readdressed(members, "bbbbbbbbbb"), name, hardware={**hardware, "memoryBytes": 10**15})
    answer = expect(await charlie.upload(IMPORT, packed(huge)), 201)
    assert "No hardware preset here" in answer["notes"][0]


async def test_what_only_administrators_say_is_left_out(
    alice: AsgiClient, charlie: AsgiClient, olga: AsgiClient, whole: str
) -> None:
    expect(await olga.call("PATCH", f"/api/models/{whole}", {"isRecommended": True}))
    members = readdressed(members_of(await export(olga, whole, "?images=false")), NEW)
    answer = expect(await charlie.upload(IMPORT, packed(members)), 201)
    assert any("Only administrators" in note for note in answer["notes"])
    assert expect(await charlie.call("GET", f"/api/models/{NEW}"))["isRecommended"] is False


async def test_who_may_export_and_import(
    app: FastAPI, alice: AsgiClient, bob: AsgiClient, charlie: AsgiClient, platform: Platform, whole: str
) -> None:
    path = f"/api/models/{whole}/export"
    expect_error(await bob.call("GET", path), 403)  # sees it, but may not take it away
    expect_error(await charlie.call("GET", path), 404)
    await set_scope(platform.database, whole, "PRIVATE")
    expect_error(await bob.call("GET", path), 404)
    developer = AsgiClient(app, await key_with(platform, [Role.DEVELOPER], VISION))
    expect_error(await developer.call("GET", path), 403)
    expect_error(await developer.upload(IMPORT, await export(alice, whole)), 403)


async def test_every_check_of_single_changes_holds(
    alice: AsgiClient, charlie: AsgiClient, whole: str, platform: Platform
) -> None:
    members = readdressed(members_of(await export(alice, whole, "?images=false")), NEW)
    name = "versions/0.1.0/version.json"
    version, model = json.loads(members[name]), json.loads(members["model.json"])

    def described(**values: Any) -> bytes:
        return packed(changed(members, name, description={**version["description"], **values}))

    def worded(**values: Any) -> bytes:
        return packed(changed(members, "model.json", description={**model["description"], **values}))

    for data, word in (
        (described(inputs=[{"name": "../x", "acceptedMediaTypes": "text/plain"}]), "inputs[0].name"),
        (described(timeout={"run": 1}), "timeout.run"),
        (described(timeout={"run": "soon"}), "timeout"),
        (described(inputValidationSchema="{"), "inputValidationSchema"),
        (described(longDescription="\x00"), "longDescription"),
        (worded(name="<script>"), "name"),
        (worded(description="\x07"), "description"),
        (worded(tags=["x" * 1000]), "tag"),
        (packed(changed(members, "model.json", visibility={"scope": "EVERYONE"})), "scope"),
        (packed(changed(members, "versions/0.1.0/card.json", risk={"rating": "none"})), "risk.rating"),
        (packed(changed(members, "versions/0.1.0/card.json", secret="x")), "secret"),
        (packed({**members, "pictures/picture.png": b"GIF89a"}), "GIF"),
        (packed(changed(members, name, testInputs=[{**version["testInputs"][0], "name": "other"}])), "no input named"),
        (packed({**members, "versions/0.1.0/test-inputs/1": b"x" * 1001}), "at most 1000 bytes"),
    ):
        await expect_nothing_stored(charlie, platform, data, word)


async def test_what_does_not_fit_together_is_refused(
    alice: AsgiClient, charlie: AsgiClient, whole: str, platform: Platform
) -> None:
    members = readdressed(members_of(await export(alice, whole)), NEW)
    (image,) = json.loads(members["manifest.json"])["images"]
    name = "versions/0.1.0/version.json"

    def without(gone: str) -> bytes:
        return packed({one: content for one, content in members.items() if one != gone})

    for data, word in (
        (without(image), "lacks"),
        (without(name), "lacks"),
        (without("versions/0.1.0/card.json"), "lacks"),
        (without("versions/0.1.0/test-inputs/1"), "lacks"),
        (without("pictures/snapshot-1.png"), "lacks"),
        (packed({**members, "versions/0.1.0/test-inputs/2": b"x"}), "nothing in it belongs"),
        (packed({**members, "versions/0.3.0/card.json": b"{}"}), "nothing in it belongs"),
        (packed({**members, "images/" + "0" * 64 + ".tar": b"x"}), "nothing in it belongs"),
        (packed(changed(members, "manifest.json", versions=["0.1.0", "0.1.0"])), "twice"),
        (packed(changed(members, "manifest.json", versions=[])), "versions"),
        (packed(changed(members, "model.json", identifier="other")), "different models"),
        (packed(changed(members, name, version="0.2.0")), "that of '0.2.0'"),
        (packed(changed(members, name, image={"imageId": "sha256:../../x"})), "imageId"),
        (packed({**members, name: b'{"a":' * 100_000}), "no JSON"),
        (packed({**members, name: b"[" + b"1," * 1_000_001 + b"1]"}), "too many values"),
    ):
        await expect_nothing_stored(charlie, platform, data, word)


async def test_what_is_no_model_export_is_refused(
    alice: AsgiClient, charlie: AsgiClient, whole: str, platform: Platform
) -> None:
    data = await export(alice, whole)
    members = members_of(data)
    for sent, word in (
        (b"", "truncated"),
        (b"no tar at all" * 100, "tar"),
        (data[: len(data) // 2], "truncated"),
        (data + b"more", "behind its end"),
        (tar_of(named(members)), "without checksums.json"),
        (packed({"a": b"", **members}), "does not begin with manifest.json"),
        (packed(changed(members, "manifest.json", formatVersion=2)), "version 2 of the format"),
        (packed(changed(members, "manifest.json", format="zip")), "format"),
    ):
        await expect_nothing_stored(charlie, platform, sent, word)


async def test_two_imports_at_once_make_two_models(alice: AsgiClient, charlie: AsgiClient, whole: str) -> None:
    data = await export(alice, whole, "?images=false")
    first, second = [expect(await charlie.upload(IMPORT, data), 201)["identifier"] for _ in range(2)]
    assert first != second
