"""Which teams and roles the groups of an identity provider give their members."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_ROLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class GroupTeam:
    """Members of `group` belong to the team of this name, with at least these roles."""

    group: str
    team: str
    roles: tuple[str, ...]


def parse_group_teams(text: str) -> tuple[GroupTeam, ...]:
    """Reads `group=Team:ROLE,ROLE;group=Team:ROLE`; a group may stand there several times, for several teams.

    Raises ValueError, which says which part is wrong and how.
    """
    found = tuple(_parse_one(part.strip()) for part in text.split(";") if part.strip())
    pairs = [(each.group, each.team) for each in found]
    for pair in pairs:
        if pairs.count(pair) > 1:
            raise ValueError(f"group {pair[0]!r} gives team {pair[1]!r} twice; name all roles in one place")
    return found


def teams_of(groups: Iterable[str], mapping: Iterable[GroupTeam]) -> dict[str, frozenset[str]]:
    """Names of teams and the roles in each that somebody in these groups has."""
    mine, teams = frozenset(groups), dict[str, frozenset[str]]()
    for each in mapping:
        if each.group in mine:
            teams[each.team] = teams.get(each.team, frozenset()) | frozenset(each.roles)
    return teams


def _parse_one(part: str) -> GroupTeam:
    # Names of groups are often addresses or paths, so they end at the last "=" and teams at the last ":".
    group, equals, rest = (piece.strip() for piece in part.rpartition("="))
    team, colon, listed = (piece.strip() for piece in rest.rpartition(":"))
    if not (equals and colon and group and team):
        raise ValueError(f"{part!r} is not group=Team:ROLE,ROLE")
    roles = tuple(dict.fromkeys(role.strip() for role in listed.split(",")))
    for role in roles:
        if not _ROLE.fullmatch(role):
            raise ValueError(f"{role!r} in {part!r} is no role, such as DATA_SCIENTIST")
    return GroupTeam(group, team, roles)
