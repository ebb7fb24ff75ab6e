"""Inputs of type `text`: each value is a text."""

from typing import Any

from modelyard.domain.inputs.items import InputValue
from modelyard.domain.inputs.kind import SourceKind


def read_value(name: str, value: Any) -> InputValue:
    """One input as UTF-8 bytes. Raises ValueError with what is wrong."""
    if not isinstance(value, str):
        raise ValueError(f"the input {name[:255]!r} must be a text, not {type(value).__name__}")  # noqa: TRY004
    return InputValue(name, "", value.encode())


KIND = SourceKind(read_value)
