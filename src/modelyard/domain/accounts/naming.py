"""Names and other short texts that people give: readable, on one line, no longer than the database keeps."""

import unicodedata

from modelyard.adapters.mail.base import require_address
from modelyard.core.errors import InvalidInput
from modelyard.core.harmless import JOINERS, is_unseen

LONGEST_EMAIL = 254
MOST_BEFORE = 10
"""Times the longest name, before it is trimmed and composed."""


class NameRejected(InvalidInput):
    """A text cannot be used as a name."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}.")


def check_name(text: str, field: str, longest: int, *, may_be_empty: bool = False) -> str:
    """The text, trimmed, with single spaces, in Unicode's composed form. Raises NameRejected.

    Args:
        field: how the API calls it, for the error.
        longest: characters.
    """
    if len(text) > MOST_BEFORE * longest:  # putting accents in order takes the square of their number
        raise NameRejected(field, f"it may have {longest} characters, this has {len(text)}")
    if any(map(is_unseen, text)):
        raise NameRejected(field, "it must be one line without control characters or others that nobody can see")
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name.strip(JOINERS) and not may_be_empty:
        raise NameRejected(field, f"it needs 1 to {longest} characters")
    if len(name) > longest:
        raise NameRejected(field, f"it may have {longest} characters, this has {len(name)}")
    return name


def email_key(text: str) -> str:
    """An address as users are found by it: people write it in any case, with spaces around."""
    return text.strip().lower()


def check_email(text: str) -> str:
    """The address, as users are found by it. Raises NameRejected, BadMailAddress."""
    return require_address(email_key(check_name(text, "email", LONGEST_EMAIL)))
