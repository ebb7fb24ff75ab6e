"""Finds what people call by a name where the API wants an identifier."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit
from modelyard.entrypoints.cli.paths import accounting, at

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.answers import Thing
    from modelyard.entrypoints.cli.remote import Remote

MOST_SUGGESTED_FROM = 500
"""Names among which similar ones are looked for."""
_MODEL = re.compile(r"[a-z0-9]{10}")
_NUMBER = re.compile(r"-?[0-9]+")
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


def model_of(server: "Remote", text: str) -> str:
    """The identifier of a model that is given by identifier or name. Raises CommandFailed."""
    if _MODEL.fullmatch(text) and not _is_unknown(server, at("api", "models", text)):
        return text
    # Exact names are the first: two of them show that the name does not say which.
    found = server.things(at("api", "models"), {"name": text, "per-page": 2})
    models = [server.get(at("api", "models", str(thing.get("modelId", "")))) for thing in found]
    return _one_of("models", text, models, "modelId")


def preset_of(server: "Remote", text: str) -> str:
    """The number of a preset that is given by number or name. Raises CommandFailed."""
    if _NUMBER.fullmatch(text):
        return text
    return _one_of("presets", text, server.things(at("api", "models", "requirements")), "requirementId")


def account_of(server: "Remote", text: str | None) -> str:
    """The identifier of an account that is given by identifier or name; one's own when none is."""
    if text is None:
        return own_account(server)
    return text if _UUID.fullmatch(text) else _one_of("accounts", text, server.things(accounting("accounts")))


def own_account(server: "Remote") -> str:
    """The identifier of the caller's account."""
    return str((server.get(accounting("profile")).get("account") or {}).get("identifier", ""))


def _is_unknown(server: "Remote", path: str) -> bool:
    """Whether there is no such thing; where one may not read it, that cannot be told."""
    try:
        server.get(path)
    except CommandFailed as error:
        return error.code is Exit.NOT_FOUND
    return False


def _identifier(server: "Remote", kind: str, text: str) -> str:
    if _UUID.fullmatch(text):
        return text
    found = server.things(accounting(kind), {"search": text})
    if not found:
        found = server.things(accounting(kind), {"per-page": MOST_SUGGESTED_FROM})
    return _one_of(kind, text, found)


def _one_of(kind: str, text: str, things: "list[Thing]", member: str = "identifier") -> str:
    """The thing that is called so, in whatever case when none is in this one; the text when it may be an identifier."""
    if any(thing.get(member) == text for thing in things):
        return text
    names = {str(thing.get("name", "")) for thing in things}
    meant = _same(text, names)
    same = [str(thing.get(member, "")) for thing in things if thing.get("name") == meant]
    if len(same) > 1:
        message = f"Several {kind} are called {text!r}; give one's identifier: {', '.join(same)}."
        raise CommandFailed(message, Exit.CONFLICT)
    if not same and (close := get_close_matches(text, names)):
        message = f"There is no {kind.removesuffix('s')} {text!r}. Did you mean {' or '.join(map(repr, close))}?"
        raise CommandFailed(message, Exit.NOT_FOUND)
    if not same and member != "identifier":
        raise CommandFailed(f"There is no {kind.removesuffix('s')} {text!r}.", Exit.NOT_FOUND)
    return same[0] if same else text


def _same(text: str, names: Iterable[str]) -> str:
    """The name that differs from the text in case alone, where only one does; else the text."""
    same = [name for name in names if name.casefold() == text.casefold()]
    return same[0] if len(same) == 1 and text not in names else text
