"""What an event of the audit trail tells, in words."""

import re
from collections.abc import Mapping
from typing import Any

Event = Mapping[str, Any]
_NAMES = ("email", "name", "identifier", "version", "prefix", "file", "format", "reason", "error", "quota")
"""Members that say what an event is about, the best first."""
_MOST_CHANGES = 3
_LONGEST_VALUE = 60


def happened(event: Event) -> str:
    """One line, such as `team member changed: bob@example.org, roles DEVELOPER → AUDITOR`."""
    words = str(event.get("action", "")).replace(":", " ").replace("-", " ")
    details = _members(event.get("details"))
    before, after = _members(details.get("before")), _members(details.get("after"))
    names = [members[name] for members in (details, before, after) for name in _NAMES if members.get(name)]
    told = [_short(names[0])] if names else []
    if before:
        told += _changes(before, after)
    return f"{words}: {', '.join(told)}" if told else words


def before(event: Event) -> list[str]:
    """What was, a member each."""
    return _told(_members(_members(event.get("details")).get("before")))


def after(event: Event) -> list[str]:
    """What is since then."""
    return _told(_members(_members(event.get("details")).get("after")))


def others(event: Event) -> list[str]:
    """What else is known of it."""
    details = _members(event.get("details"))
    return _told({name: value for name, value in details.items() if name not in {"before", "after"}})


def _changes(before: Event, after: Event) -> list[str]:
    names = [name for name in after if before.get(name) != after[name]]
    told = [f"{_word(name)} {_short(before.get(name))} → {_short(after[name])}" for name in names[:_MOST_CHANGES]]
    return [*told, f"and {len(names) - _MOST_CHANGES} more"] if len(names) > _MOST_CHANGES else told


def _told(members: Event) -> list[str]:
    return [f"{_word(name)}: {_text(value)}" for name, value in members.items() if value is not None]


def _members(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _word(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.replace("_", " ")).lower()


def _short(value: object) -> str:
    text = _text(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _text(value: object) -> str:
    match value:
        case None | "" | []:
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case list():
            return " and ".join(", ".join(map(_text, value)).rsplit(", ", 1))
        case dict():
            return ", ".join(_told(value)) or "nothing"
    return str(value)
