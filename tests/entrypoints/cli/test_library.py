"""Models, versions, tags and search from the command line, against a real server."""

from pathlib import Path

from modelyard.app import Platform
from tests.cast import CAST
from tests.entrypoints.cli.shell import Shell
from tests.library import add_active, add_model


async def test_finding_models(alice: Shell, charlie: Shell, platform: Platform) -> None:
    await add_model(platform.database, CAST.alice, name="Sentiment of texts")
    identifier = await add_model(platform.database, CAST.alice, name="Ships")
    await alice.type("models", "update", "Ships", "--summary", "Counts boats in pictures.", "--tag", "Count")

    assert "Ships" in await alice.type("models", "list", "--name", "ship", "--tag", "count", "--inactive")
    assert await alice.json("models", "list", "--active") == []
    shown = await alice.json("models", "show", "Ships")
    assert (shown["identifier"], shown["description"]) == (identifier, "Counts boats in pictures.")
    found = await alice.type("search", "boat")
    assert "Ships" in found
    assert "[boats]" in found
    assert "'sentimant'" in await alice.type("search", "sentimant")
    assert "Ships" not in await charlie.type("search", "boat")
    assert "count" in await alice.type("tags", "list")


async def test_names_that_look_like_identifiers_or_belong_to_several(alice: Shell, platform: Platform) -> None:
    identifier = await add_model(platform.database, CAST.alice, name="sentiments")
    assert (await alice.json("models", "show", "sentiments"))["identifier"] == identifier
    assert (await alice.json("models", "show", identifier))["name"] == "sentiments"
    assert "no model 'abcdefghij'" in await alice.type("models", "show", "abcdefghij", code=5)

    await add_model(platform.database, CAST.alice, name="sentiments")
    assert "Several models" in await alice.type("models", "delete", "sentiments", "--yes", code=6)


async def test_sharing_deleting_and_restoring(alice: Shell, charlie: Shell, platform: Platform) -> None:
    identifier = await add_model(platform.database, CAST.alice, name="Ships")
    await charlie.type("models", "show", identifier, code=5)
    await alice.type("models", "share", "Ships", "all")
    await charlie.type("models", "show", identifier)

    assert "add --yes" in await alice.type("models", "delete", "Ships", code=2)
    await alice.type("models", "delete", "Ships", "--yes")
    await alice.type("models", "show", identifier, code=5)
    assert identifier in await alice.type("models", "deleted")
    assert "Ships" in await alice.type("models", "restore", identifier)
    await alice.type("models", "delete", "Ships", "--for-good", "--yes", code=4)


async def test_versions(alice: Shell, platform: Platform) -> None:
    model = await add_active(platform.database, CAST.alice)
    await alice.type("versions", "deactivate", model, "0.1.0", "--yes")
    assert (await alice.json("versions", "activate", model, "0.1.0"))["status"] == "active"

    assert "active" in await alice.type("versions", "list", "echo")
    assert "text/plain" in str(await alice.json("versions", "show", model, "0.1.0"))
    same = ("versions", "diff", model, "0.1.0", "0.1.0")
    assert "do not differ in their contract" in await alice.type(*same)
    assert await alice.json(*same) == []
    await alice.type("versions", "diff", model, "0.1.0", "9.9.9", code=5)
    await alice.type("versions", "report", model, "0.1.0", code=6)


async def test_tags(olga: Shell, alice: Shell, platform: Platform, tmp_path: Path) -> None:
    model = await add_model(platform.database, CAST.alice)
    await alice.type("models", "update", model, "--tag", "boats", "--tag", "ships")

    await alice.type("tags", "rename", "boats", "Vessels", code=4)
    assert "vessels" in await olga.type("tags", "rename", "boats", "Vessels")
    await olga.type("tags", "merge", "ships", "vessels", "--yes")
    await olga.type("tags", "delete", "vessels", "--yes", code=6)
    assert "vessels" in await alice.type("models", "show", model, "-o", "json")
    await alice.type("models", "update", model, "--no-tags")
    await olga.type("tags", "delete", "vessels", "--yes")
