"""`modelyard models export` and `import`: one model as one file."""

import hashlib
import json
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit
from modelyard.entrypoints.cli.named import model_of
from modelyard.entrypoints.cli.options import EXISTING_FILE
from modelyard.entrypoints.cli.over_rest import over_rest
from modelyard.entrypoints.cli.paths import at
from modelyard.entrypoints.cli.shown import Column, Screen

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.answers import Thing
    from modelyard.entrypoints.cli.remote import Remote
    from modelyard.entrypoints.cli.steps import Steps

EXPORTED: list[Column] = [
    ("file", "file"),
    ("model", "model.name"),
    ("identifier", "model.identifier"),
    ("versions", "versions"),
    ("images", "images"),
    ("bytes", "bytes"),
    ("sha256", "sha256"),
]
IMPORTED: list[Column] = [
    ("identifier", "identifier"),
    ("new model", "isNew"),
    ("versions added", "added"),
    ("there already", "present"),
    ("active", "active"),
]
_LARGEST_MANIFEST = 1_000_000
_CHUNK = 1_048_576


@click.command("export")
@click.argument("model", metavar="MODEL[@VERSION]")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--all-versions", is_flag=True, help="All versions instead of the newest active one.")
@click.option("--no-images", is_flag=True, help="Without container images: they are pulled where it is imported.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@over_rest
def export_model(
    server: "Remote",
    screen: Screen,
    model: str,
    file: Path | None,
    all_versions: bool,
    no_images: bool,
    overwrite: bool,
) -> None:
    """Write a MODEL to FILE, to be imported elsewhere.

    FILE is IDENTIFIER.modelyard.tar unless given. It has the newest active version, the one named as MODEL@VERSION,
    or all.

    For example: modelyard models export ships@1.0.0 ships.modelyard.tar
    """
    from modelyard.entrypoints.cli.download import download_to
    from modelyard.entrypoints.cli.steps import shown_steps

    name, _, version = model.partition("@")
    if version and all_versions:
        raise click.UsageError("Name a version, or say --all-versions; not both.")
    identifier = model_of(server, name)
    target = file or Path(f"{identifier}.modelyard.tar")
    query = {"versions": "all" if all_versions else version, "images": False if no_images else None}
    path = at("api", "models", identifier, "export")
    with shown_steps() as steps, steps.step(f"Export {name}") as bar:

        def tell(size: int) -> None:
            bar.note(f"{size / 1e6:.0f} MB")  # how much there will be nobody knows before

        download_to(server, screen, path, query, str(target), overwrite=overwrite, told=tell)
    screen.thing(_described(target), EXPORTED)


def _described(file: Path) -> "Thing":
    """What a file that was just written holds."""
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            digest.update(chunk)
    manifest = _manifest(file)
    facts = {name: manifest.get(name) for name in ("model", "versions")}
    size, images = file.stat().st_size, len(manifest.get("images") or [])
    return {"file": str(file), **facts, "images": images, "bytes": size, "sha256": digest.hexdigest()}


def _manifest(file: Path) -> "Thing":
    """The first member of an exported model. Raises CommandFailed for another file."""
    try:
        with tarfile.open(file, "r:") as tar:
            entry = tar.next()
            member = tar.extractfile(entry) if entry is not None and entry.name == "manifest.json" else None
            found = json.loads(member.read(_LARGEST_MANIFEST)) if member is not None else None
    except (tarfile.TarError, OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("format") != "modelyard-model":
        raise CommandFailed(f"{file} is no exported model, as `modelyard models export` makes it.", Exit.INVALID_INPUT)
    return found


@click.command("import")
@click.argument("file", type=EXISTING_FILE)
@click.option("--test", "wants_test", is_flag=True, help="Do the load test and the run test of what was added.")
@click.option("--activate", "wants_active", is_flag=True, help="The same, then activate it.")
@over_rest
def import_model(server: "Remote", screen: Screen, file: Path, wants_test: bool, wants_active: bool) -> None:
    """Import the model in FILE.

    It becomes a model of yours; where it is one already, versions that it lacks are added. They come as drafts: what
    was tested elsewhere is tested again here, with --test or --activate. Run it again after it was interrupted: what
    is done is kept.

    For example: modelyard models import ships.modelyard.tar --activate
    """
    from modelyard.entrypoints.cli.steps import shown_steps

    _manifest(file)
    warnings: list[str] = []
    with shown_steps() as steps:
        with steps.step("Upload the file") as bar:
            path = at("api", "models", "import")
            found = server.upload(path, file, "application/x-tar", bar.share)
            bar.result(f"{found['identifier']}, {file.stat().st_size / 1e6:.0f} MB")
        begun = found.get("present", []) if wants_test or wants_active else []
        for version in [*found.get("added", []), *begun]:
            warnings += _finish(server, steps, str(found["identifier"]), str(version), wants_test, wants_active)
    for note in [*found.get("notes", []), *(f"Careful: {warning}" for warning in warnings)]:
        screen.note(str(note))
    active = _active(server, str(found["identifier"]))
    screen.thing(found | {"active": active}, IMPORTED)
    if screen.form != "json" and (left := [one for one in found.get("added", []) if one not in active]):
        screen.note(f"Not active yet: {', '.join(map(str, left))}. Next: modelyard models import {file} --activate")


def _finish(
    server: "Remote", steps: "Steps", model_id: str, version: str, wants_test: bool, wants_active: bool
) -> list[str]:
    """Waits for the image, tests and activates as far as it is wanted; returns warnings."""
    from modelyard.entrypoints.cli.version_steps import activate, follow, has_passed, run_test

    path = at("api", "models", model_id, "versions", version)
    before = server.get(path)
    if before.get("status") == "active" or before.get("containerImage", {}).get("uploadStatus") == "NOT_STARTED":
        return []
    with steps.step(f"Container image of {version}") as bar:
        state = follow(server, f"{path}/container-image", bar)
        bar.result(f"{state.get('containerImageSize', 0) / 1e6:.0f} MB")
    for kind in ("load", "run") if wants_test or wants_active else ():
        with steps.step(f"Test: {kind} {version}") as bar:
            if has_passed(before, kind):
                bar.result("passed before")
            else:
                run_test(server, path, kind, bar)
    if not wants_active:
        return []
    with steps.step(f"Activate {version}") as bar:
        return activate(server, path, bar)


def _active(server: "Remote", model_id: str) -> list[str]:
    versions = server.things(at("api", "models", model_id, "versions"))
    return [str(one["version"]) for one in versions if one.get("status") == "active"]
