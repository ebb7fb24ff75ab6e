"""What programs give as inputs of a job, brought into one form: items by name, and their inputs by name."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.client.errors import BadInputs

ANY_MEDIA_TYPE = "application/octet-stream"
LARGEST_AT_ONCE = 32 * 1024 * 1024
"""Bytes of inputs that are sent in one request; larger jobs are sent in chunks."""


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes of a media type; without one, every input takes them."""

    content: bytes
    media_type: str = ANY_MEDIA_TYPE


Value = str | bytes | Path | Data | Any
"""A text, bytes, the path of a file; or anything that JSON can say, for inputs that are JSON."""
Items = Mapping[str, Mapping[str, Value]]


def needs_input_name(inputs: Any) -> bool:
    """Whether some item is a bare value, so that one has to know which input it is for."""
    return any(not isinstance(values, Mapping) for values in _named(inputs).values())


def read_inputs(inputs: Any, input_name: str = "") -> Items:
    """Items by name. Raises BadInputs.

    Args:
        inputs: items by name, or a list of items, or one item. An item is a bare value, for models with one input, or
            values by the names of inputs.
        input_name: of bare values.
    """
    items = {
        str(name): {str(key): value for key, value in values.items()}
        if isinstance(values, Mapping)
        else {input_name: values}
        for name, values in _named(inputs).items()
    }
    if not items:
        raise BadInputs("There is nothing to submit: no item was given.")
    return items


def size_of(items: Items) -> int:
    """Bytes of all inputs; of files without reading them. Raises BadInputs."""
    return sum(_size(value) for values in items.values() for value in values.values())


def source_of(items: Items) -> dict[str, Any]:
    """The `input` of a submission that has everything in it. Raises BadInputs."""
    if all(isinstance(value, str) for values in items.values() for value in values.values()):
        return {"type": "text", "sources": items}
    sources = {name: {key: _data_uri(value) for key, value in values.items()} for name, values in items.items()}
    return {"type": "embedded", "sources": sources}


def content_of(value: Value) -> bytes:
    """The bytes of a value. Raises BadInputs."""
    match value:
        case str():
            return value.encode("utf-8", "surrogatepass")
        case bytes() | bytearray() | memoryview():
            return bytes(value)
        case Data():
            return value.content
        case Path():
            try:
                return value.read_bytes()
            except OSError as error:
                raise BadInputs(f"{value} cannot be read: {error.strerror}") from None
    try:
        return json.dumps(value, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise BadInputs(f"A {type(value).__name__} is no input: {error}.") from None


def unique_names(names: Sequence[str]) -> list[str]:
    """The names, of which later ones that were there get a number: `a.txt`, `a.txt (2)`."""
    seen: dict[str, int] = {}
    taken = set(names)
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        other = name
        while seen[name] > 1 and (other := f"{name} ({seen[name]})") in taken:
            seen[name] += 1
        taken.add(other)
        unique.append(other)
    return unique


def numbered(count: int) -> list[str]:
    """Names for items that have none: `0001`, `0002`, …"""
    width = max(4, len(str(count)))
    return [f"{number:0{width}}" for number in range(1, count + 1)]


def _named(inputs: Any) -> Mapping[Any, Any]:
    match inputs:
        case Mapping():
            return inputs
        case str() | bytes() | Path() | Data():
            return {"0001": inputs}
        case Sequence() if all(isinstance(one, Path) for one in inputs):
            return dict(zip(unique_names([path.name for path in inputs]), inputs, strict=True))
        case Sequence():
            return dict(zip(numbered(len(inputs)), inputs, strict=True))
    raise BadInputs(f"Inputs are items by name, a list of items, or a table; not a {type(inputs).__name__}.")


def _size(value: Value) -> int:
    if isinstance(value, Path):
        try:
            return value.stat().st_size
        except OSError as error:
            raise BadInputs(f"{value} cannot be read: {error.strerror}") from None
    return len(value) if isinstance(value, str | bytes) else len(content_of(value))


def _data_uri(value: Value) -> str:
    media_type = value.media_type if isinstance(value, Data) else ANY_MEDIA_TYPE
    return f"data:{media_type};base64,{base64.b64encode(content_of(value)).decode('ascii')}"
