"""Deploys an example as `modelyard deploy` does, unless its very image is deployed already."""

from dataclasses import dataclass
from pathlib import Path

from examples.demo.images import EXAMPLES, Image, save_image
from modelyard.entrypoints.cli.deploy_plan import Plan, make_plan
from modelyard.entrypoints.cli.deploy_sources import find_sources
from modelyard.entrypoints.cli.deployment import Deployment
from modelyard.entrypoints.cli.model_file import ModelFile, Visibility, read_model_file
from modelyard.entrypoints.cli.paths import at
from modelyard.entrypoints.cli.remote import Remote
from modelyard.entrypoints.cli.steps import Steps


@dataclass(frozen=True, slots=True)
class Example:
    """One example: its model file, what is in it, and its image."""

    file: Path
    model: ModelFile
    image: Image


@dataclass(frozen=True, slots=True)
class Deployed:
    """A version that is active."""

    model_id: str
    version: str


def read_example(name: str, image: Image) -> Example:
    """The example of this name, for everybody of the account. Raises CommandFailed."""
    file = EXAMPLES / name / "model.yaml"
    model = read_model_file(file)
    shared = model.modelyard.model_copy(update={"visibility": Visibility(scope="ACCOUNT")})
    return Example(file, model.model_copy(update={"modelyard": shared}), image)


def find_deployed(server: Remote, plan: Plan, image: Image) -> Deployed | None:
    """The latest active version, when it has this very image. Raises CommandFailed."""
    if not plan.model_id:
        return None
    active = str(server.get(at("api", "models", plan.model_id)).get("latestActiveVersion") or "")
    if not active:
        return None
    held = server.get(at("api", "models", plan.model_id, "versions", active)).get("containerImage", {})
    return Deployed(plan.model_id, active) if held.get("digest") == image.digest else None


def plan_example(server: Remote, example: Example) -> Plan:
    """A model that is new, a version that was begun, or the next one. Raises CommandFailed."""
    return make_plan(server, example.model.name, example.model.version, model_id=None, next_version=True)


def deploy_example(server: Remote, steps: Steps, example: Example, plan: Plan, folder: Path) -> Deployed:
    """All steps in their order. Raises CommandFailed, DemoFailed.

    Args:
        folder: where the image's archive lies for a while.
    """
    archive = folder / f"demo-{example.file.parent.name}.tar"
    try:
        with steps.step("       Save the image") as bar:
            archive.unlink(missing_ok=True)  # of a run that was killed
            save_image(example.image, archive, bar.share)
            bar.result(f"{archive.stat().st_size / 1e6:.0f} MB")
        sources = find_sources(example.file, example.model, archive, {}, None)
        deployment = Deployment(server, example.model, sources, plan)
        deployment.run(steps)
    finally:
        archive.unlink(missing_ok=True)
    return Deployed(deployment.model_id, plan.version)
