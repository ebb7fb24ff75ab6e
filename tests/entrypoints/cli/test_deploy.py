"""`modelyard deploy`, beside a real server whose containers are fakes."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rich.console import Console
from sqlalchemy import update

from modelyard.app import Platform
from modelyard.domain.models.requirements import DEFAULT_ID, EDGE_ID
from modelyard.domain.models.tables import Requirement
from modelyard.entrypoints.cli.steps import shown_steps
from tests.cast import CAST
from tests.entrypoints.cli.shell import Shell
from tests.entrypoints.rest.steps import archive
from tests.library import audited
from tests.machine import REFERENCE, Machine

MODEL = """
name: Echo
version: '0.1.0'
description: {summary: Says it again., details: At length., technical: How., performance: Well.}
releaseNotes: First.
filters: [{type: Task, label: Count}]
tags: [mine]
metrics: [{label: F1, value: 0.9}, {label: Recall, value: 0.8}]
inputs: {input.txt: {acceptedMediaTypes: [text/plain], maxSize: 1000, description: A text.}}
outputs: {results.json: {mediaType: application/json, maxSize: 100K, description: The result.}}
resources: {memory: {size: 100M}, cpu: {count: 0.5}}
timeout: {status: 5s, run: 5s}
modelyard: {card: {caveats: Only for tests.}, visibility: {scope: ACCOUNT}, engines: {minimum: 0, maximum: 2}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model file with what goes with it."""
    folder = tmp_path / "echo"
    folder.mkdir()
    (folder / "model.yaml").write_text(MODEL)
    (folder / "sample.txt").write_text("a good day")
    buffer = io.BytesIO()
    Image.new("RGB", (1440, 1024)).save(buffer, "PNG")
    (folder / "picture.png").write_bytes(buffer.getvalue())
    return folder


def _file(folder: Path, *changes: tuple[str, str]) -> str:
    text = (folder / "model.yaml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "model.yaml").write_text(text)
    return str(folder / "model.yaml")


async def _deploy(shell: Shell, folder: Path, *options: str) -> Any:
    return await shell.json("deploy", str(folder / "model.yaml"), "--image", REFERENCE, *options)


async def test_all_steps(alice: Shell, folder: Path, machine: Machine) -> None:
    machine.publish()

    version = await _deploy(alice, folder)

    model = version["model"]
    assert (model["name"], version["version"], version["status"]) == ("Echo", "0.1.0", "active")
    assert model["description"] == "Says it again."
    assert [tag["identifier"] for tag in model["tags"]] == ["count", "mine"]
    assert [(metric["label"], metric["highlight"]) for metric in version["statistics"]] == [
        ("F1", True),
        ("Recall", False),
    ]
    assert version["timeout"] == {"status": 5000, "run": 5000}
    assert (version["longDescription"], version["versionHistory"]) == ("At length.", "First.")
    assert (version["technicalDetails"], version["performanceSummary"]) == ("How.", "Well.")
    assert version["processing"]["maximumParallelCapacity"] == 2
    assert model["visibility"]["scope"] == "ACCOUNT"
    assert [found["modelId"] for found in await alice.json("search", "only", "tests")] == [model["modelId"]]
    assert {"background", "card", "thumbnail"} <= {picture["relationType"] for picture in model["images"]}
    assert version["address"].endswith(f"/api/models/{model['modelId']}/versions/0.1.0")


async def test_the_models_page_shows_the_test_file(alice: Shell, folder: Path, machine: Machine) -> None:
    machine.publish()
    version = await _deploy(alice, folder)
    model_id = version["model"]["modelId"]

    sample = json.loads(version["sampleInput"])
    assert sample["model"] == {"identifier": model_id, "version": "0.1.0"}
    assert sample["input"] == {"type": "text", "sources": {"0001": {"input.txt": "a good day"}}}
    results = json.loads(version["sampleOutput"])["results"]
    assert results["0001"] == {"status": "SUCCESSFUL", "results.json": {"label": "good", "score": 0.5}}


async def test_again_changes_only_words(alice: Shell, folder: Path, machine: Machine, platform: Platform) -> None:
    machine.publish()
    first = await _deploy(alice, folder)
    containers = len(machine.containers)
    before = await audited(platform.database)
    assert (await _deploy(alice, folder))["updatedAt"] == first["updatedAt"]
    assert await audited(platform.database) == before

    _file(folder, ("At length.", "At greater length."))
    again = await _deploy(alice, folder)

    assert again["longDescription"] == "At greater length."
    assert again["model"]["modelId"] == first["model"]["modelId"]
    assert len(machine.containers) == containers


async def test_goes_on_where_it_stopped(alice: Shell, folder: Path, machine: Machine) -> None:
    image = machine.publish()
    file = _file(folder, ("mediaType: application/json", "mediaType: nonsense"))
    stopped = await alice.type("deploy", file, "--image", REFERENCE, code=7)
    assert "outputs[0].mediaType" in stopped
    containers = len(machine.containers)
    _file(folder, ("mediaType: nonsense", "mediaType: application/json"))

    output = await alice.type("deploy", str(folder / "model.yaml"), "--image", REFERENCE)

    assert "goes on where it stopped" in output
    assert "is there already" in output
    assert "passed before" in output
    assert len(machine.containers) == containers + 1
    assert image


async def test_other_images_need_other_versions(alice: Shell, folder: Path, machine: Machine, tmp_path: Path) -> None:
    machine.publish()
    await _deploy(alice, folder)
    saved = tmp_path / "image.tar"
    saved.write_bytes(archive(tmp_path))
    with_archive = ("deploy", str(folder / "model.yaml"), "--archive", str(saved))

    assert "another image" in await alice.type(*with_archive, code=6)
    following = await alice.json(*with_archive, "--next-version")
    _file(folder, ("'0.1.0'", "'1.0.0'"))
    raised = await alice.json(*with_archive)

    assert (following["version"], following["status"]) == ("0.1.1", "active")
    assert (raised["version"], raised["model"]["modelId"]) == ("1.0.0", following["model"]["modelId"])
    assert "is there already" in await alice.type(*with_archive)


async def test_without_the_last_step(alice: Shell, folder: Path, machine: Machine) -> None:
    machine.publish()

    assert (await _deploy(alice, folder, "--no-activate"))["status"] == "partial"
    assert (await _deploy(alice, folder))["status"] == "active"


async def test_a_registry_that_asks_who_one_is(
    alice: Shell, folder: Path, machine: Machine, platform: Platform
) -> None:
    machine.publish(username="ada", password="sesame-sesame")
    alice.variables["MODELYARD_REGISTRY_USER"] = "ada"
    alice.variables["MODELYARD_REGISTRY_PASSWORD"] = "wrong-sesame"
    output = await alice.type("deploy", str(folder / "model.yaml"), "--image", REFERENCE, code=7)
    assert "sesame" not in output

    alice.variables["MODELYARD_REGISTRY_PASSWORD"] = "sesame-sesame"
    assert (await _deploy(alice, folder))["status"] == "active"


async def test_a_model_that_does_not_answer(alice: Shell, folder: Path, machine: Machine) -> None:
    machine.publish()
    machine.exit_code = 3

    output = await alice.type("deploy", str(folder / "model.yaml"), "--image", REFERENCE, code=7)

    assert "The load test failed" in output
    assert "the program has started" in output
    assert "stopped" in output


async def test_what_is_wrong_is_said_before_anything_is_done(
    alice: Shell, folder: Path, platform: Platform, tmp_path: Path
) -> None:
    file = str(folder / "model.yaml")
    before = await audited(platform.database)
    assert "nothing is wrong" in await alice.type("deploy", file, "--image", "x/y:1", "--check")
    assert "not both" in await alice.type("deploy", file, "--image", "x", "--archive", file, code=2)
    assert "there is no input 'b'" in await alice.type("deploy", file, "--sample", f"b={file}", "--check", code=7)
    assert "INPUT=FILE" in await alice.type("deploy", file, "--sample", "nothing", code=2)
    _file(folder, ("modelyard: {", "modelyard: {archive: nothing.tar, "))
    assert "there is no file" in await alice.type("deploy", file, code=7)
    assert "does not exist" in await alice.type("deploy", str(tmp_path / "no.yaml"), code=2)

    assert await audited(platform.database) == before


async def test_no_image(alice: Shell, folder: Path, platform: Platform) -> None:
    before = await audited(platform.database)
    file = str(folder / "model.yaml")

    assert "Where is the container image?" in await alice.type("deploy", file, code=2)
    assert "Where is the container image?" in await alice.type("deploy", file, "--check", code=2)
    (folder / "sample.txt").unlink()
    told = await alice.type("deploy", file, "--image", REFERENCE, "--check", code=2)
    assert "no test file for input.txt" in told
    assert await audited(platform.database) == before


async def test_check_of_a_file_that_leaves_out_what_the_server_has(
    alice: Shell, folder: Path, machine: Machine, platform: Platform
) -> None:
    machine.publish()
    await _deploy(alice, folder)
    before = await audited(platform.database)
    (folder / "sample.txt").unlink()

    assert "the server has" in await alice.type("deploy", str(folder / "model.yaml"), "--check")
    assert await audited(platform.database) == before


async def test_no_test_file(alice: Shell, folder: Path, platform: Platform) -> None:
    (folder / "sample.txt").unlink()
    before = await audited(platform.database)

    told = await alice.type("deploy", str(folder / "model.yaml"), "--image", REFERENCE, code=2)

    assert "no test file for input.txt" in told
    assert await audited(platform.database) == before


async def test_no_preset_is_large_enough(alice: Shell, folder: Path, machine: Machine) -> None:
    machine.publish()
    file = _file(folder, ("100M", "900G"))

    assert "is large enough" in await alice.type("deploy", file, "--image", REFERENCE, code=7)


async def test_the_preset_of_edge_devices_is_never_chosen(
    alice: Shell, folder: Path, machine: Machine, platform: Platform
) -> None:
    machine.publish()
    async with platform.database.write() as session:
        values = {"is_active": True, "cpu_millis": 600}
        await session.execute(update(Requirement).where(Requirement.id == EDGE_ID).values(values))

    assert (await _deploy(alice, folder, "--no-activate"))["requirement"]["requirementId"] == DEFAULT_ID


@pytest.mark.parametrize("first", [(), ("--no-activate",)], ids=["active", "partial"])
async def test_a_version_for_edge_devices_stays_one_and_is_not_tested(
    alice: Shell, folder: Path, machine: Machine, platform: Platform, first: tuple[str, ...]
) -> None:
    machine.publish()
    async with platform.database.write() as session:
        await session.execute(update(Requirement).where(Requirement.id == EDGE_ID).values(is_active=True))
    _file(folder, ("modelyard: {", "modelyard: {requirement: -99, "))
    await _deploy(alice, folder, *first)
    _file(folder, ("requirement: -99, ", ""), ("At length.", "At greater length."))
    (folder / "sample.txt").unlink()

    again = await _deploy(alice, folder)

    assert (again["requirement"]["requirementId"], again["status"]) == (EDGE_ID, "active")
    assert again["longDescription"] == "At greater length."
    assert not machine.containers


async def test_models_of_the_same_name(alice: Shell, folder: Path, machine: Machine) -> None:
    machine.publish()
    first = await _deploy(alice, folder, "--no-activate")
    other = await _deploy_other(alice, folder)

    assert "Several models are called 'Echo'" in await alice.type(
        "deploy", str(folder / "model.yaml"), "--image", REFERENCE, code=6
    )
    chosen = await _deploy(alice, folder, "--model", first["model"]["modelId"])
    assert chosen["model"]["modelId"] == first["model"]["modelId"] != other


async def _deploy_other(alice: Shell, folder: Path) -> str:
    """Another model, which gets the same name."""
    _file(folder, ("name: Echo", "name: Other"))
    other = await _deploy(alice, folder, "--no-activate")
    _file(folder, ("name: Other", "name: Echo"))
    identifier = str(other["model"]["modelId"])
    await _deploy(alice, folder, "--no-activate", "--model", identifier)
    return identifier


async def test_others_may_not(charlie: Shell, alice: Shell, olga: Shell, folder: Path, machine: Machine) -> None:
    machine.publish()
    model = (await _deploy(alice, folder))["model"]["modelId"]

    file = str(folder / "model.yaml")
    await charlie.type("deploy", file, "--image", REFERENCE, "--model", model, code=5)
    assert (await _deploy(charlie, folder))["model"]["createdByEmail"] == CAST.charlie.email


def test_steps_in_a_terminal() -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=80, highlight=False)

    def two_steps() -> None:
        with shown_steps(console) as steps:
            with steps.step("one") as bar:
                bar.share(0.5)
                bar.note("a long note " * 20)
                bar.result("done\x1b[31m")
            with steps.step("two"):
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        two_steps()

    text = output.getvalue()
    assert "done\\x1b[31m" in text
    assert "stopped" in text


async def test_no_files_of_other_directories_are_sent(alice: Shell, folder: Path, tmp_path: Path) -> None:
    secret, file = tmp_path / "secret", str(folder / "model.yaml")
    secret.write_text("s3cret")
    (folder / "link").symlink_to(secret)
    _file(folder, ("modelyard: {", "modelyard: {inputValidationSchema: link, picture: ../secret, "))

    output = await alice.type("deploy", file, "--image", "x/y:1", "--check", code=7)

    assert output.count("leads out of the directory") == 2
    output = await alice.type("deploy", file, "--image", "x/y:1", "--picture", str(secret), "--check", code=7)
    assert output.count("leads out of the directory") == 1
