"""Decides which model and version a deployment is about: a new one, one that was begun, or one that is there."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit
from modelyard.entrypoints.cli.paths import at

if TYPE_CHECKING:
    from modelyard.entrypoints.cli.answers import Thing
    from modelyard.entrypoints.cli.remote import Remote

_NUMBERS = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})", re.ASCII)


class Work(StrEnum):
    """What there is to do for a version."""

    NEW_MODEL = "creates a model"
    NEW_VERSION = "creates a version"
    CONTINUE = "goes on where it stopped"
    REFRESH = "is deployed; its words are brought up to date"


@dataclass(frozen=True)
class Plan:
    """Which version of which model; `model_id` is empty for a model that is not there yet."""

    work: Work
    version: str
    model_id: str = ""


def make_plan(server: "Remote", name: str, version: str, *, model_id: str | None, next_version: bool) -> Plan:
    """Looks at what the server has. Raises CommandFailed.

    Args:
        model_id: the model when it is known; otherwise it is found by its exact name.
        next_version: deploy as the version after the highest one when `version` is there already.
    """
    model = server.get(at("api", "models", model_id)) if model_id else _find_by_name(server, name)
    if model is None:
        return Plan(Work.NEW_MODEL, version)
    found, versions = str(model["modelId"]), [str(one) for one in model.get("versions", [])]
    if version not in versions:
        return Plan(Work.NEW_VERSION, version, found)
    if server.get(at("api", "models", found, "versions", version)).get("status") == "partial":
        return Plan(Work.CONTINUE, version, found)
    if not next_version:
        return Plan(Work.REFRESH, version, found)
    newest = max(versions, key=_order)
    if server.get(at("api", "models", found, "versions", newest)).get("status") == "partial":
        return Plan(Work.CONTINUE, newest, found)
    major, minor, patch = _order(newest)
    return Plan(Work.NEW_VERSION, f"{major}.{minor}.{patch + 1}", found)


def _find_by_name(server: "Remote", name: str) -> "Thing | None":
    """The list has exact names first, and names of parts after them."""
    same = []
    for short in server.things(at("api", "models"), {"name": name.replace(",", " "), "per-page": 100, "page": 1}):
        model = server.get(at("api", "models", str(short.get("modelId", ""))))
        if model.get("name") != name:
            break
        same.append(model)
    if len(same) > 1:
        which = ", ".join(str(model["modelId"]) for model in same)
        raise CommandFailed(f"Several models are called {name!r}: {which}. Say which with --model.", Exit.CONFLICT)
    return same[0] if same else None


def _order(version: str) -> tuple[int, int, int]:
    found = _NUMBERS.fullmatch(version)
    return (int(found[1]), int(found[2]), int(found[3])) if found else (0, 0, 0)
