"""Finds what people call by a name where the API wants an identifier."""

import re
from typing import TYPE_CHECKING

from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit
from modelyard.entrypoints.cli.paths import accounting

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.answers import Thing
    from modelyard.entrypoints.cli.remote import Remote

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def team_of(server: "Remote", text: str) -> str:
    """The identifier of a team that is given by identifier or name. Raises CommandFailed."""
    return _identifier(server, "teams", text)


def project_of(server: "Remote", text: str) -> str:
    """The same for a project."""
    return _identifier(server, "projects", text)


def user_of(server: "Remote", text: str) -> "Thing":
    """A user who is given by identifier or e-mail address. Raises CommandFailed."""
    return server.get(accounting("users", text))


def identifier_of_user(server: "Remote", text: str) -> str:
    """The identifier of a user; one that was given is not looked up."""
    return str(user_of(server, text).get("identifier", "")) if "@" in text else text


def _identifier(server: "Remote", kind: str, text: str) -> str:
    if _UUID.fullmatch(text):
        return text
    found = server.things(accounting(kind), {"search": text})
    if any(thing.get("identifier") == text for thing in found):
        return text
    same = [str(thing.get("identifier", "")) for thing in found if thing.get("name") == text]
    if len(same) > 1:
        message = f"Several {kind} are called {text!r}; give one's identifier: {', '.join(same)}."
        raise CommandFailed(message, Exit.CONFLICT)
    return same[0] if same else text
