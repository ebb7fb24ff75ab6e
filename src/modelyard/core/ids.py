"""Identifiers, made from the operating system's randomness."""

import secrets
import string
import uuid

_LOWER = string.ascii_lowercase + string.digits
_MIXED = string.ascii_letters + string.digits


def new_model_id() -> str:
    """Ten lower-case letters and digits."""
    return random_word(10)


def new_uuid() -> str:
    """A random UUID as text."""
    return str(uuid.uuid4())


def new_key_part() -> str:
    """Twenty letters and digits: one half of an API key (about 119 bits)."""
    return "".join(secrets.choice(_MIXED) for _ in range(20))


def random_word(length: int) -> str:
    """Lower-case letters and digits."""
    return "".join(secrets.choice(_LOWER) for _ in range(length))
