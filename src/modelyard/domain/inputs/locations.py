"""Where single inputs are: an object in a bucket or container."""

import re
from collections.abc import Mapping
from typing import Any

from modelyard.core.nul import NUL
from modelyard.domain.inputs.items import InputValue

LONGEST_CONTAINER = 255
LONGEST_KEY = 1024
SENDABLE = re.compile(r"[!-~]*")
"""What may stand in addresses and headers of requests as it is."""


def read_location(name: str, value: Any, *, container: str, key: str, may_be_empty: bool = False) -> InputValue:
    """An input that is to be fetched. Raises ValueError with what is wrong.

    Args:
        container: how the kind of source calls the bucket.
        key: how it calls the name of the object.
        may_be_empty: that the key may be so, which then is a folder.
    """
    form = f'{{"{container}": …, "{key}": …}}'
    if not isinstance(value, Mapping):
        raise ValueError(f"the input {name[:255]!r} must be {form}, not {type(value).__name__}")  # noqa: TRY004
    found = []
    for member, most in ((container, LONGEST_CONTAINER), (key, LONGEST_KEY)):
        text = value.get(member)
        is_empty_folder = may_be_empty and member == key and text in ("", "/")
        if not isinstance(text, str) or not (text.strip("/") or is_empty_folder):
            raise ValueError(f"the input {name[:255]!r} has no {member}; it must be {form}")
        if len(text.encode(errors="replace")) > most or NUL in text:
            raise ValueError(
                f"the {member} of the input {name[:255]!r} has more than {most} bytes, or the character NUL"
            )
        found.append(text)
    if "/" in found[0]:
        raise ValueError(f"the {container} of the input {name[:255]!r} has a slash; what follows belongs in {key}")
    if not SENDABLE.fullmatch(found[0]):
        raise ValueError(f"the {container} of the input {name[:255]!r} has spaces, or characters beyond ASCII")
    return InputValue(name, "", b"", {"container": found[0], "key": found[1].lstrip("/")})
