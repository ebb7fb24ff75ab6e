"""`modelyard deploy`: from a container image and its `model.yaml` to a model that can be used."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelyard.entrypoints.cli.options import EXISTING_FILE
from modelyard.entrypoints.cli.over_rest import over_rest
from modelyard.entrypoints.cli.shown import Column, Screen
from modelyard.entrypoints.cli.surroundings import find_surroundings

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.deploy_sources import Registry
    from modelyard.entrypoints.cli.remote import Remote

DEPLOYED: list[Column] = [
    ("model", "model.modelId"),
    ("name", "model.name"),
    ("version", "version"),
    ("status", "status"),
    ("address", "address"),
]
SAMPLE_HELP = "A test file for an input, as often as needed."


def _read_samples(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Path]:
    samples = {}
    for value in values:
        name, equals, path = value.partition("=")
        if not equals or not Path(path).is_file():
            raise click.BadParameter(f"{value!r} must be INPUT=FILE, with a file that is there.")
        samples[name] = Path(path)
    return samples


@click.command()
@click.argument("file", type=EXISTING_FILE, default="model.yaml")
@click.option("--image", help="Where to pull the image from, such as registry.example.org/team/model:1.0.0.")
@click.option("--archive", type=EXISTING_FILE, help="Or an archive of it, as `docker save` or `podman save` makes.")
@click.option("--sample", "samples", metavar="INPUT=FILE", multiple=True, callback=_read_samples, help=SAMPLE_HELP)
@click.option("--picture", type=EXISTING_FILE, help="Picture of the model: JPG or PNG.")
@click.option("--model", "model_id", metavar="ID", help="The model, when its name does not say which.")
@click.option("--next-version", is_flag=True, help="Where the version is deployed already, deploy as the next one.")
@click.option("--no-activate", is_flag=True, help="Do all but the last step.")
@click.option("--check", is_flag=True, help="Read the file, say what is wrong with it, and change nothing.")
@over_rest
def deploy(
    server: "Remote",
    screen: Screen,
    file: Path,
    image: str | None,
    archive: Path | None,
    samples: dict[str, Path],
    picture: Path | None,
    model_id: str | None,
    next_version: bool,
    no_activate: bool,
    check: bool,
) -> None:
    """Deploy the model that FILE describes; model.yaml unless given.

    Does the 17 steps, and shows how far each is. Run it again after it was interrupted: what is done is kept, and
    tests are repeated only where something changed that they depend on. A version that is deployed keeps its image
    and contract; its words, tags and metrics are brought up to date.

    Credentials of a registry are taken from MODELYARD_REGISTRY_USER and MODELYARD_REGISTRY_PASSWORD.

    For example: modelyard deploy --archive model.tar --sample input.txt=hello.txt
    """
    from modelyard.entrypoints.cli.deploy_plan import make_plan
    from modelyard.entrypoints.cli.deploy_sources import find_sources
    from modelyard.entrypoints.cli.deployment import Deployment, is_complete, require_sources
    from modelyard.entrypoints.cli.model_file import read_model_file
    from modelyard.entrypoints.cli.steps import shown_steps

    if image and archive:
        raise click.UsageError("Give --image or --archive, not both.")
    model = read_model_file(file)
    sources = find_sources(file, model, archive or _registry(image, model.modelyard.image), samples, picture)
    described = f"{file} describes {model.name} {model.version}"
    if check and is_complete(model, sources):
        screen.line(f"{described}; nothing is wrong with it.")
        return
    plan = make_plan(server, model.name, model.version, model_id=model_id, next_version=next_version)
    require_sources(server, model, sources, plan)
    if check:
        screen.line(f"{described}; what it leaves out, the version on the server has.")
        return
    deployment = Deployment(server, model, sources, plan)
    with shown_steps() as steps:
        version = deployment.run(steps, activate=not no_activate)
    for warning in deployment.warnings:
        screen.note(f"Careful: {warning}")
    screen.thing(version | {"address": f"{server.access.url}{deployment.version_path}"}, DEPLOYED)


def _registry(option: str | None, in_file: str) -> "Registry | None":
    from modelyard.entrypoints.cli.deploy_sources import Registry

    around = find_surroundings()
    if reference := option or in_file:
        return Registry(reference, around.registry_user, around.registry_password)
    return None
