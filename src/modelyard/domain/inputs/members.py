"""Reads the members of a submission's `input`, and collects everything that is wrong with them."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from modelyard.core.nul import NUL
from modelyard.domain.inputs.items import SourcesRejected
from modelyard.domain.inputs.locations import SENDABLE

LONGEST_MEMBER = 4096
LONGEST_QUERY = 100_000


class Members:
    """Reads them by name. What is wrong is never told with the value, which may be a secret."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given
        self.problems: list[str] = []

    def text(self, name: str, *, needed: bool = True, most: int = LONGEST_MEMBER) -> str:
        """A text without spaces around it; empty where it is left out."""
        value = self._given.get(name)
        if value is None or value == "":
            if needed:
                self.wrong(name, "is missing")
            return ""
        if not isinstance(value, str):
            self.wrong(name, f"must be a text, not {type(value).__name__}")
            return ""
        if len(value) > most or NUL in value:
            self.wrong(name, f"has at most {most} characters, and none of them NUL")
            return ""
        return value.strip()

    def secret(self, name: str, *, needed: bool = True) -> str:
        """A text as it is: spaces may be part of a password."""
        value = self._given.get(name)
        return value if self.text(name, needed=needed) and isinstance(value, str) else ""

    def token(self, name: str, *, needed: bool = True) -> str:
        """A text that is sent in headers as it is."""
        value = self.text(name, needed=needed)
        if not SENDABLE.fullmatch(value):
            self.wrong(name, "must not have spaces, nor characters beyond ASCII")
            return ""
        return value

    def word(self, name: str, pattern: str, meaning: str, *, needed: bool = True) -> str:
        """A text of a certain form."""
        value = self.text(name, needed=needed)
        if value and not re.fullmatch(pattern, value, re.ASCII):
            self.wrong(name, f"must be {meaning}")
            return ""
        return value

    def endpoint(self, *, needed: bool) -> str:
        """The address of a store, without a slash at its end."""
        value = self.text("endpoint", needed=needed).rstrip("/")
        try:
            place = urlsplit(value)
            is_good = place.scheme in {"http", "https"} and place.hostname and place.port != 0
            is_good = is_good and SENDABLE.fullmatch(value) and "%" not in place.netloc  # as in zones of IPv6
        except ValueError:
            is_good = False
        if value and (not is_good or place.username or place.password or place.query or place.fragment):
            self.wrong("endpoint", "must be an address such as https://store.example.org:9000, without credentials")
            return ""
        return value

    def wrong(self, name: str, what: str) -> None:
        """Notes what is wrong with a member."""
        self.problems.append(f"input.{name} {what}")

    def require_good(self) -> None:
        """Raises SourcesRejected with everything that is wrong."""
        if self.problems:
            raise SourcesRejected(f"{'; '.join(self.problems)}.")
