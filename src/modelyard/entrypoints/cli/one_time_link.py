"""One-time links that people are sent: an invitation, or the way to a new password."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from modelyard.entrypoints.cli.access import check_url
from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit

_ROUTES = {
    "auth/invitations": "invitations",
    "invitations": "invitations",
    "auth/password-reset": "password-reset",
    "new-password": "password-reset",
}
"""What stands before the token in the link of a page or of the API, and the API's word for it."""
_LINK = re.compile(rf"(.*?)/?({'|'.join(sorted(_ROUTES, key=len, reverse=True))})/([A-Za-z0-9_-]{{8,200}})/?")


@dataclass(frozen=True)
class Link:
    """Where a link leads; without a server when only its path was given."""

    server: str
    kind: str
    token: str = field(repr=False)

    @property
    def is_invitation(self) -> bool:
        """Or else the way to a new password."""
        return self.kind == "invitations"


def read_link(text: str) -> Link:
    """Takes a link apart. Raises CommandFailed, which does not repeat it: it is a secret."""
    text = text.strip()
    is_whole = "://" in text
    found = _LINK.fullmatch(urlsplit(text).path if is_whole else text)
    if not found or (found[1] and not is_whole):
        hint = "Give the whole link, such as https://models.example.org/invitations/…, or its path."
        raise CommandFailed(f"This is no link to an invitation or to a new password. {hint}", Exit.USAGE)
    parts = urlsplit(text)
    server = check_url(f"{parts.scheme}://{parts.netloc}{found[1]}") if is_whole else ""
    return Link(server, _ROUTES[found[2]], found[3])
