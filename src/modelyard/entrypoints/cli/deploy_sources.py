"""The files that go with a model file, and where its image comes from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from modelyard.adapters.registries.reference import parse_reference
from modelyard.core.errors import PlatformError
from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit
from modelyard.entrypoints.cli.model_file import ModelFile, ModelFileRejected

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.answers import Thing

PICTURES = ("picture.png", "picture.jpg", "picture.jpeg")


@dataclass(frozen=True)
class Registry:
    """An image in a registry."""

    reference: str
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Sources:
    """Where everything is that a deployment sends."""

    image: Registry | Path | None
    samples: dict[str, Path]
    picture: Path | None
    schema: Path | None


class ImageMissing(CommandFailed):
    """Nobody said where the image is."""

    def __init__(self) -> None:
        super().__init__(
            "Where is the container image? Say it with --image REFERENCE or --archive FILE, or in the model file, as "
            "modelyard.image or modelyard.archive.",
            Exit.USAGE,
        )


class SampleMissing(CommandFailed):
    """Inputs of a version that is to be tested have no test file."""

    def __init__(self, inputs: Sequence[str]) -> None:
        hint = "Name it with --sample INPUT=FILE, or in the model file, in modelyard.samples."
        super().__init__(f"There is no test file for {', '.join(inputs)}. {hint}", Exit.USAGE)


def find_sources(
    file: Path, model: ModelFile, image: Registry | Path | None, samples: dict[str, Path], picture: Path | None
) -> Sources:
    """Options first, then what the file says, then files beside it that are named as usual. Raises CommandFailed.

    A single input without a test file of its own takes the one beside the model file that is called `sample…`.
    """
    beside, ours = file.parent, model.modelyard
    given = [path for path in (image, picture, *samples.values()) if isinstance(path, Path)]
    wanted = {name: beside / path for name, path in ours.samples.items()} | samples
    if len(model.inputs) == 1 and not wanted:
        usual = sorted(path for path in beside.glob("sample*") if path.is_file())
        wanted = {name: usual[0] for name in model.inputs if usual}
    if picture is None:
        named = beside / ours.picture if ours.picture else None
        picture = named or next((beside / name for name in PICTURES if (beside / name).is_file()), None)
    schema = beside / ours.inputValidationSchema if ours.inputValidationSchema else None
    found = Sources(image or _image_of(beside, model), wanted, picture, schema)
    if problems := _problems(model, found, beside, given):
        raise ModelFileRejected(file, problems)
    return found


def _image_of(beside: Path, model: ModelFile) -> Registry | Path | None:
    ours = model.modelyard
    if ours.archive:
        return beside / ours.archive
    return Registry(ours.image) if ours.image else None


def is_same_image(source: Registry | Path, held: "Thing") -> bool:
    """Whether a server holds this image. Raises CommandFailed."""
    if isinstance(source, Path):
        return _digest_of(source) == held.get("digest")
    try:
        return str(parse_reference(source.reference)) == held.get("reference")
    except PlatformError as error:
        raise CommandFailed(error.message, Exit.INVALID_INPUT) from None


def _digest_of(archive: Path) -> str:
    import asyncio

    from modelyard.adapters.registries.archive import TarArchiveReader

    try:
        return asyncio.run(TarArchiveReader(2**50).describe(archive)).digest
    except PlatformError as error:
        raise CommandFailed(f"{archive}: {error.message}", Exit.INVALID_INPUT) from None


def _problems(model: ModelFile, found: Sources, beside: Path, given: list[Path]) -> list[str]:
    """Who wrote a model file is not always who deploys it: so it sends no files of other directories."""
    problems = [f"modelyard.samples: there is no input {name!r}" for name in found.samples if name not in model.inputs]
    every = (*found.samples.values(), found.picture, found.schema, found.image)
    files = [path for path in every if isinstance(path, Path)]
    problems += [
        f"{path} leads out of the directory of the model file: copy it there, or name it with an option"
        for path in files
        if path not in given and not path.resolve().is_relative_to(beside.resolve())
    ]
    return problems + [f"there is no file {path}" for path in files if not path.is_file()]
