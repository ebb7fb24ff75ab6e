"""Reads a `model.yaml`: the description that a packaged model comes with (specifications 0.3 and 0.4), with our part.

What the specification leaves out, such as the image and the test files, stands in a part of its own, `modelyard:`.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from modelyard.entrypoints.body_problems import told_problems
from modelyard.entrypoints.card_members import CardMembers
from modelyard.entrypoints.cli.amounts import to_bytes, to_cpus, to_milliseconds
from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit

LARGEST_FILE = 1_000_000
DEFAULT_SIZE = 1_000_000
DEFAULT_MS = 60_000
_MOST_PROBLEMS = 20

Bytes = Annotated[int, BeforeValidator(to_bytes)]
Milliseconds = Annotated[int, BeforeValidator(to_milliseconds)]
Cpus = Annotated[float, BeforeValidator(to_cpus)]


class ModelFileRejected(CommandFailed):
    """The file cannot be used; all that is wrong with it is named at once."""

    def __init__(self, file: Path, problems: list[str]) -> None:
        more = [f"… and {len(problems) - _MOST_PROBLEMS} more."] if len(problems) > _MOST_PROBLEMS else []
        shown = [f"  {problem}" for problem in problems[:_MOST_PROBLEMS]]
        super().__init__("\n".join([f"{file} cannot be used:", *shown, *more]), Exit.INVALID_INPUT)


class _Part(BaseModel):
    """The specification has members that only its packaging tools read."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _OurPart(BaseModel):
    """A misspelt member of ours would do nothing, and nobody would know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _as_text(value: object) -> object:
    return value.strip() if isinstance(value, str) else "" if value is None else value


Text = Annotated[str, BeforeValidator(_as_text)]


class Description(_Part):
    """What there is to read about the model."""

    summary: Text = ""
    details: Text = ""
    technical: Text = ""
    performance: Text = ""


class Filter(_Part):
    """A predefined tag."""

    type: Text = ""
    label: Text


class Metric(_Part):
    """A number that says how good the model is."""

    label: Text
    value: float
    type: Text = ""
    description: Text = ""
    category: Text = "performance"
    highlight: bool | None = None


class Input(_Part):
    """What the model takes under one name."""

    acceptedMediaTypes: list[str] | str  # noqa: N815 - the specification's spelling
    maxSize: Bytes = DEFAULT_SIZE  # noqa: N815
    description: Text = ""

    @property
    def media_types(self) -> str:
        """As the API has them: joined by commas."""
        types = self.acceptedMediaTypes
        return types if isinstance(types, str) else ",".join(types)


class Output(_Part):
    """What the model gives under one name."""

    mediaType: Text  # noqa: N815
    maxSize: Bytes = DEFAULT_SIZE  # noqa: N815
    description: Text = ""


class _Memory(_Part):
    size: Bytes = 0


class _Cpu(_Part):
    count: Cpus = 0


class _Gpu(_Part):
    count: int = Field(0, ge=0)


class Resources(_Part):
    """What one engine needs."""

    memory: _Memory = _Memory()
    cpu: _Cpu = _Cpu()
    gpu: _Gpu = _Gpu()


class Timeout(_Part):
    """How long loading and one run may take."""

    status: Milliseconds = DEFAULT_MS
    run: Milliseconds = DEFAULT_MS


class Engines(_OurPart):
    """How many engines run at least and at most."""

    minimum: int = Field(0, ge=0)
    maximum: int = Field(1, ge=0)


class Visibility(_OurPart):
    """Who may see the model."""

    scope: Literal["ALL", "ACCOUNT", "TEAM", "PRIVATE"]
    teams: list[str] = []


class Ours(_OurPart):
    """What the specification does not say. Paths are relative to the file."""

    image: Text = Field("", description="where to pull the image from")
    archive: Path | None = Field(None, description="or an archive of it, as `docker save` makes")
    samples: dict[str, Path] = Field({}, description="for each input, a file to test the model with")
    picture: Path | None = None
    caption: Text = ""
    requirement: int | None = Field(None, description="a hardware preset, instead of the smallest that fits")
    engines: Engines | None = None
    visibility: Visibility | None = None
    inputValidationSchema: Path | None = Field(None, description="a file with a JSON Schema")  # noqa: N815
    card: CardMembers | None = Field(None, description="the model card, in the API's words")


class ModelFile(_Part):
    """All that deploying a model needs to know about it."""

    specification: Text = ""
    name: Text = Field(min_length=1)
    version: Text
    description: Description = Description()
    releaseNotes: Text = ""  # noqa: N815
    tags: list[Text] = []
    filters: list[Filter] = []
    metrics: list[Metric] = []
    inputs: dict[str, Input] = {}
    outputs: dict[str, Output] = {}
    resources: Resources = Resources()
    timeout: Timeout = Timeout()
    modelyard: Ours = Ours()

    @field_validator("version", mode="before")
    @classmethod
    def _not_a_number(cls, value: object) -> object:
        if isinstance(value, str):
            return value
        raise ValueError(f"YAML reads {value!r} as something else than text; write it in quotes: '1.0.0'")

    @field_validator("tags", "filters", "metrics", "inputs", "outputs", mode="before")
    @classmethod
    def _nothing_is_empty(cls, value: object, info: Any) -> object:
        if value is not None:
            return value
        return {} if info.field_name in {"inputs", "outputs"} else []

    @property
    def labels(self) -> list[str]:
        """Predefined tags, then one's own, each once."""
        return list(dict.fromkeys([*(entry.label for entry in self.filters), *self.tags]))


def read_model_file(file: Path) -> ModelFile:
    """Reads and checks. Raises ModelFileRejected."""
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ModelFileRejected(file, [error.strerror or str(error)]) from None
    if len(content) > LARGEST_FILE:
        raise ModelFileRejected(file, [f"it is larger than {LARGEST_FILE} bytes"])
    try:
        document = yaml.load(content, _PlainLoader)  # noqa: S506 - a safe loader, below
    except yaml.YAMLError as error:
        raise ModelFileRejected(file, [f"it is not YAML: {' '.join(str(error).split())}"]) from None
    except RecursionError:
        raise ModelFileRejected(file, ["it is nested too deeply"]) from None
    except (ValueError, AttributeError) as error:  # of a value that looks like a day or a number, and is none
        raise ModelFileRejected(file, [f"it has a value that YAML cannot read ({error}); put it in quotes"]) from None
    try:
        return ModelFile.model_validate(document)
    except ValidationError as error:
        problems = told_problems(error.errors(include_url=False), document, whole="the whole file")
        raise ModelFileRejected(file, problems) from None


class _PlainLoader(yaml.SafeLoader):
    """Without aliases: a few lines of them stand for billions of values."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not supported here", mark)
        return super().compose_node(parent, index)
