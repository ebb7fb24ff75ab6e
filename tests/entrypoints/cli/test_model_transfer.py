"""A model goes into a file and comes out of it, as somebody types it."""

from pathlib import Path

from modelyard.app import Platform
from modelyard.entrypoints.rest.app import create_api
from tests.asgi import AsgiClient
from tests.cast import CAST, authorization
from tests.entrypoints.cli.shell import Shell
from tests.entrypoints.rest.steps import Walk, archive
from tests.model_exports import members_of, packed, readdressed

NEW = "abcdefghij"


async def deployed(platform: Platform, directory: Path) -> str:
    client = AsgiClient(create_api(platform), {"authorization": authorization(CAST.alice)})
    return await Walk(client, platform.database).deployed(archive(directory))


async def test_export_says_what_is_in_the_file(alice: Shell, platform: Platform, tmp_path: Path) -> None:
    model_id = await deployed(platform, tmp_path)
    file = tmp_path / "echo.tar"

    told = await alice.json("models", "export", "echo", str(file))

    assert (told["model"], told["versions"], told["images"]) == (
        {"identifier": model_id, "name": "echo"},
        ["0.1.0"],
        1,
    )
    assert told["bytes"] == file.stat().st_size
    assert "is there already" in await alice.type("models", "export", "echo", str(file), code=2)
    without = await alice.json("models", "export", "echo@0.1.0", str(file), "--no-images", "--overwrite")
    assert without["images"] == 0
    assert "not both" in await alice.type("models", "export", "echo@0.1.0", "--all-versions", code=2)


async def test_import_tests_and_activates(alice: Shell, charlie: Shell, platform: Platform, tmp_path: Path) -> None:
    await deployed(platform, tmp_path)
    file = tmp_path / "echo.tar"
    await alice.type("models", "export", "echo", str(file))
    file.write_bytes(packed(readdressed(members_of(file.read_bytes()), NEW)))

    draft = await charlie.type("models", "import", str(file))
    assert "Not active yet: 0.1.0" in draft
    assert "--activate" in draft
    output = await charlie.type("models", "import", str(file), "--activate")

    for words in ("Upload the file", "Container image of 0.1.0", "Test: load 0.1.0", "Test: run 0.1.0", "Activate"):
        assert words in output
    assert NEW in output
    assert (await charlie.json("models", "import", str(file)))["active"] == ["0.1.0"]


async def test_another_file_is_refused_before_it_is_sent(charlie: Shell, tmp_path: Path) -> None:
    file = tmp_path / "other.tar"
    for content in (b"", b"words", packed({"other.json": b"{}"}), packed({"manifest.json": b"[]"})):
        file.write_bytes(content)
        assert "is no exported model" in await charlie.type("models", "import", str(file), code=7)
