"""What a version declares of its inputs and outputs."""

from dataclasses import dataclass

from modelyard.domain.models.tables import Version

ANY_MEDIA_TYPE = "application/octet-stream"
"""What clients send when they do not know: accepted by every input."""


@dataclass(frozen=True, slots=True)
class DeclaredInput:
    """One named input; `maximum_size` in bytes per item."""

    name: str
    media_types: tuple[str, ...]
    maximum_size: int

    def accepts(self, media_type: str) -> bool:
        """Whether data of this media type may be sent; parameters and case do not count."""
        wanted = media_type.split(";", maxsplit=1)[0].strip().lower()
        return wanted in ("", ANY_MEDIA_TYPE) or any(covers(known, wanted) for known in self.media_types)


@dataclass(frozen=True, slots=True)
class DeclaredOutput:
    """One named output file; `maximum_size` in bytes."""

    name: str
    media_type: str
    maximum_size: int


def declared_inputs(version: Version) -> tuple[DeclaredInput, ...]:
    """The inputs of a version, in their order."""
    return tuple(
        DeclaredInput(entry["name"], media_types(entry["acceptedMediaTypes"]), entry["maximumSize"])
        for entry in version.inputs or []
    )


def declared_outputs(version: Version) -> tuple[DeclaredOutput, ...]:
    """The outputs of a version, in their order."""
    return tuple(
        DeclaredOutput(entry["name"], entry["mediaType"], entry["maximumSize"]) for entry in version.outputs or []
    )


def media_types(joined: str) -> tuple[str, ...]:
    """The media types that a version declares with commas between, in lower case."""
    return tuple(part.strip().lower() for part in joined.split(",") if part.strip())


def covers(known: str, wanted: str) -> bool:
    """Whether one media type, which may have `*` in it, stands for another one as well."""
    return known in (wanted, "*/*", ANY_MEDIA_TYPE) or (known.endswith("/*") and wanted.startswith(known[:-1]))
