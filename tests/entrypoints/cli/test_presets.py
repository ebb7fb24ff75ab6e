"""Hardware presets from the command line, against a real server."""

from tests.cast import CAST
from tests.entrypoints.cli.shell import Shell


async def test_the_life_of_a_preset(olga: Shell) -> None:
    words = ("--description", "For small ones", "--price", "0.10", "--storage", "10", "--instance-type", "small")
    created = await olga.json("presets", "create", "Tiny", "--cpu", "0.5", "--memory", "512Mi", "--gpus", "1", *words)
    preset = str(created["requirementId"])
    assert (created["name"], created["gpuUnits"], created["price"]) == ("Tiny", 1, "0.10")
    assert "Tiny" in await olga.type("presets", "list")
    assert "Wee" in await olga.type("presets", "update", preset, "--name", "Wee")

    assert "Tiny" in await olga.type("presets", "update", "wee", "--name", "Tiny")
    assert "Wee" in await olga.type("presets", "update", "Tiny", "--name", "Wee")

    account = CAST.alice.account_id
    assert (await olga.json("presets", "assign", preset, "--account", account))["accounts"] == [account]
    assert (await olga.json("presets", "assign", preset, "--no-accounts", "--no-models"))["accounts"] == []
    assert "add --yes" in await olga.type("presets", "deactivate", preset, code=2)
    await olga.type("presets", "deactivate", preset, "--yes")
    assert "Wee" not in await olga.type("presets", "list", "--mine")
    await olga.type("presets", "activate", preset)
    assert "Wee" in await olga.type("presets", "list", "--mine")


async def test_refusals(olga: Shell, alice: Shell) -> None:
    await alice.type("presets", "list", code=4)
    await alice.type("presets", "list", "--mine")
    await olga.type("presets", "create", "Tiny", code=2)
    await olga.type("presets", "create", "Tiny", "--cpu", "many", "--memory", "1G", code=7)
    await olga.type("presets", "update", "9999", "--name", "x", code=5)
    await olga.type("presets", "update", "-999", "--name", "x", code=5)
    assert "no preset 'Tinny'" in await olga.type("presets", "activate", "Tinny", code=5)
    assert "'ten' is no whole number from 0 on" in await olga.type("presets", "update", "1", "--gpus", "ten", code=2)
    await olga.type("presets", "assign", "1", "--account", "nowhere", code=7)
    assert "Say whom" in await olga.type("presets", "assign", "1", code=2)
    assert "Say what to change" in await olga.type("presets", "update", "1", code=2)
