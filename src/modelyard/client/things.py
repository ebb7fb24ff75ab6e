"""What a server holds, as values: models, versions, jobs. Each keeps the JSON that it was read from in `raw`."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from modelyard.client.exchange import Thing

ENDED = frozenset({"COMPLETED", "CANCELED", "TIMEDOUT"})


@dataclass(frozen=True, slots=True)
class Model:
    """A model of the library."""

    identifier: str
    name: str
    description: str
    versions: tuple[str, ...]
    latest_version: str
    latest_active_version: str
    """What jobs use unless they name a version; empty when none is active."""
    author: str
    tags: tuple[str, ...]
    raw: Thing = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Field:
    """A named input or output that a version declares; `maximum_size` in bytes."""

    name: str
    media_type: str
    maximum_size: int
    description: str


@dataclass(frozen=True, slots=True)
class Version:
    """One deployable build of a model."""

    model_id: str
    version: str
    status: str
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    raw: Thing = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it was when it was asked for. Counts are of items."""

    identifier: str
    status: str
    model_id: str
    model_name: str
    version: str
    total: int
    completed: int
    failed: int
    submitted_at: datetime | None
    raw: Thing = field(repr=False, compare=False)

    @property
    def has_ended(self) -> bool:
        """Whether nothing of it changes any more."""
        return self.status in ENDED

    @property
    def is_good(self) -> bool:
        """Whether it ended, and every item has its outputs."""
        return self.status == "COMPLETED" and not self.failed

    @property
    def item_names(self) -> tuple[str, ...]:
        """The names of its items; in lists of jobs only the first ones."""
        given = self.raw.get("jobInputs")
        if isinstance(given, dict):
            return tuple(str(name) for name in given.get("identifier") or ())
        return tuple(str(one.get("identifier")) for one in _things(given))


@dataclass(frozen=True, slots=True)
class Engine:
    """One running container of a version."""

    name: str
    model_id: str
    version: str
    is_ready: bool
    started_at: datetime | None
    raw: Thing = field(repr=False, compare=False)


def model_of(thing: Thing) -> Model:
    """Reads a model."""
    tags = (tag.get("name", "") if isinstance(tag, dict) else tag for tag in _list(thing.get("tags")))
    return Model(
        identifier=_text(thing, "identifier") or _text(thing, "modelId"),
        name=_text(thing, "name"),
        description=_text(thing, "description"),
        versions=tuple(map(str, _list(thing.get("versions")))),
        latest_version=_text(thing, "latestVersion"),
        latest_active_version=_text(thing, "latestActiveVersion"),
        author=_text(thing, "author"),
        tags=tuple(map(str, tags)),
        raw=thing,
    )


def version_of(thing: Thing) -> Version:
    """Reads a version."""
    return Version(
        model_id=_text(_object(thing, "model"), "modelId"),
        version=_text(thing, "version"),
        status=_text(thing, "status"),
        inputs=tuple(_field(one, "acceptedMediaTypes") for one in _things(thing.get("inputs"))),
        outputs=tuple(_field(one, "mediaType") for one in _things(thing.get("outputs"))),
        raw=thing,
    )


def job_of(thing: Thing) -> Job:
    """Reads a job, or the receipt of one."""
    model = _object(thing, "model")
    return Job(
        identifier=_text(thing, "jobIdentifier"),
        status=_text(thing, "status"),
        model_id=_text(model, "identifier"),
        model_name=_text(model, "name"),
        version=_text(model, "version"),
        total=number(thing, "total") or number(thing, "totalInputs"),
        completed=number(thing, "completed"),
        failed=number(thing, "failed"),
        submitted_at=time_of(thing, "submittedAt"),
        raw=thing,
    )


def engines_of(things: Iterable[Thing]) -> list[Engine]:
    """Reads the engines of deployed versions."""
    return [
        Engine(
            name=_text(engine, "name"),
            model_id=_text(thing, "identifier"),
            version=_text(thing, "version"),
            is_ready=engine.get("ready") is True,
            started_at=time_of(engine, "startedAt"),
            raw=engine,
        )
        for thing in things
        for engine in _things(thing.get("engines"))
    ]


def number(thing: Thing, name: str) -> int:
    """A whole number; 0 when there is none."""
    value = thing.get(name)
    return int(value) if isinstance(value, int | float) else 0


def time_of(thing: Thing, name: str) -> datetime | None:
    """A time; None when there is none."""
    try:
        return datetime.fromisoformat(_text(thing, name))
    except ValueError:
        return None


def _field(thing: Thing, media_type: str) -> Field:
    return Field(
        _text(thing, "name"), _text(thing, media_type), number(thing, "maximumSize"), _text(thing, "description")
    )


def _text(thing: Thing, name: str) -> str:
    value = thing.get(name)
    return value if isinstance(value, str) else ""


def _object(thing: Thing, name: str) -> Thing:
    value = thing.get(name)
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _things(value: Any) -> list[Thing]:
    return [one for one in _list(value) if isinstance(one, dict)]
