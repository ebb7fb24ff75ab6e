"""Which mail server to use, as operators write it in one line."""

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult, unquote, urlsplit

from modelyard.adapters.mail.base import BadMailAddress, require_address
from modelyard.core.errors import InvalidInput
from modelyard.core.harmless import one_line


class BadMailServer(InvalidInput):
    """The settings name no mail server that can be used."""


class Protection(StrEnum):
    """How the way to the server is protected, as the scheme of its address says it."""

    TLS = "smtps"
    STARTTLS = "smtp"
    NONE = "smtp+insecure"


_FORM = "The mail server must be given as smtp://user@host:port, smtps://… or smtp+insecure://…."
_PORTS = {Protection.TLS: 465, Protection.STARTTLS: 587, Protection.NONE: 25}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where letters go; without a user nobody signs in there."""

    host: str
    port: int
    protection: Protection
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom letters come from."""

    name: str
    address: str


def parse_server(url: str, password: str = "") -> MailServer:
    """Reads `smtp://user@host:port`. Raises BadMailServer.

    `smtp` wants STARTTLS (port 587 unless given), `smtps` is TLS from the start (465), and `smtp+insecure` goes
    unprotected (25). A user that is an e-mail address is written with `%40`.
    """
    try:
        parts = urlsplit(url)
        protection, port = Protection(parts.scheme), parts.port
    except ValueError:
        raise BadMailServer(_FORM) from None
    _require_plain(parts)
    user = unquote(parts.username or "")
    if bool(user) != bool(password):
        raise BadMailServer("The mail server needs both, a user in its address and a password, or neither.")
    if not (user + password).isascii():
        raise BadMailServer(
            "The user and the password of the mail server must be ASCII; there is no way to send others."
        )
    return MailServer(parts.hostname or "", port or _PORTS[protection], protection, user, password)


def parse_sender(text: str) -> Sender:
    """Reads `address` or `Name <address>`. Raises BadMailServer."""
    before, bracket, rest = text.strip().partition("<")
    name, address = (before.strip().strip('"'), rest.removesuffix(">")) if bracket else ("", before)
    try:
        require_address(address.strip()).encode("ascii")
    except (BadMailAddress, UnicodeEncodeError):
        raise BadMailServer(
            f"The sender of mail must be given as Name <address>, which {text[:100]!r} is not."
        ) from None
    return Sender(one_line(name), address.strip())


def _require_plain(parts: SplitResult) -> None:
    if parts.password is not None:
        raise BadMailServer("The password of the mail server has a setting of its own; leave it out of the address.")
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise BadMailServer("The address of the mail server must be a host, with a port if need be, and nothing after.")
