"""Inputs of type `embedded`: each value is a data URI in base64."""

import base64
import binascii
import re
from typing import Any

from modelyard.domain.inputs.items import InputValue
from modelyard.domain.inputs.kind import SourceKind

_FORM = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+)?(?P<parameters>(;[\w.+-]+=[^;,]*)*);base64,", re.ASCII)


def read_value(name: str, value: Any) -> InputValue:
    """One input decoded. Raises ValueError with what is wrong."""
    if not isinstance(value, str):
        raise ValueError(f"the input {name[:255]!r} must be a data URI, not {type(value).__name__}")  # noqa: TRY004
    head = _FORM.match(value[:1000])
    if head is None:
        raise ValueError(f"the input {name[:255]!r} is no data URI of the form data:<media type>;base64,<data>")
    try:
        data = base64.b64decode(value[head.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"the input {name[:255]!r} is not valid base64 after 'base64,'") from None
    return InputValue(name, (head["type"] or "text/plain").lower(), data)


KIND = SourceKind(read_value)
