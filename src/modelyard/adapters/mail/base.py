"""Letters to people: what one is, and who takes it to their mail server."""

import re
from dataclasses import dataclass
from typing import Protocol

from modelyard.core.errors import InvalidInput, Unavailable, UpstreamFailed
from modelyard.core.harmless import one_line

_WORD = r"[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff.@,:;<>()\[\]\\\"]+"
_ADDRESS = re.compile(rf"{_WORD}(?:\.{_WORD})*@{_WORD}(?:\.{_WORD})*")
_MAX_ADDRESS = 254
_MAX_SUBJECT = 500


class BadMailAddress(InvalidInput):
    """This is no e-mail address."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address[:100]!r} is no e-mail address to which mail can be sent.")


class MailUnavailable(Unavailable):
    """There is no mail server, or it does not answer; trying again later can help."""


class MailRefused(UpstreamFailed):
    """The mail server does not take this letter, or not from us."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter in plain text to one person. Raises BadMailAddress.

    The subject becomes one line whatever is in it, so names that strangers chose may be part of it.
    """

    to: str
    subject: str
    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "to", require_address(self.to))
        object.__setattr__(self, "subject", one_line(self.subject)[:_MAX_SUBJECT])
        object.__setattr__(self, "text", self.text.encode("utf-8", "replace").decode())


class Mailer(Protocol):
    """Sends letters."""

    @property
    def is_configured(self) -> bool:
        """Whether there is a mail server at all; without one, every letter raises MailUnavailable."""

    async def check(self) -> None:
        """Goes to the mail server and signs in there, without a letter. Raises MailUnavailable, MailRefused."""

    async def send(self, mail: Mail) -> None:
        """Hands a letter to the mail server, within a bounded time. Raises MailUnavailable, MailRefused."""


def require_address(address: str) -> str:
    """The address itself, when it is one, without a name before it. Raises BadMailAddress."""
    if len(address) > _MAX_ADDRESS or not _ADDRESS.fullmatch(address):
        raise BadMailAddress(address)
    return address
