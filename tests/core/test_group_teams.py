"""How operators write which groups lead to which teams."""

import re

import pytest

from modelyard.core.group_teams import GroupTeam, parse_group_teams, teams_of


def test_mapping_is_read() -> None:
    text = "data-science=Vision:DATA_SCIENTIST, DEVELOPER; ops = Administrators : ACCOUNT_ADMIN ;;ops=Vision:DEVELOPER"

    assert parse_group_teams(text) == (
        GroupTeam("data-science", "Vision", ("DATA_SCIENTIST", "DEVELOPER")),
        GroupTeam("ops", "Administrators", ("ACCOUNT_ADMIN",)),
        GroupTeam("ops", "Vision", ("DEVELOPER",)),
    )
    assert parse_group_teams("") == parse_group_teams(" ; ") == ()


def test_names_of_groups_may_be_anything() -> None:
    text = "/org/team one=R&D: Vision:DEVELOPER;cn=ops,dc=example=Ops:my-role;DEVELOPER,x=T:A,A,B"

    assert parse_group_teams(text) == (
        GroupTeam("/org/team one", "R&D: Vision", ("DEVELOPER",)),
        GroupTeam("cn=ops,dc=example", "Ops", ("my-role",)),
        GroupTeam("DEVELOPER,x", "T", ("A", "B")),
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("ops", "'ops' is not group=Team:ROLE,ROLE"),
        ("ops=Team", "'ops=Team' is not group=Team:ROLE,ROLE"),
        ("=Team:ROLE", "'=Team:ROLE' is not group=Team:ROLE,ROLE"),
        ("ops=:ROLE", "'ops=:ROLE' is not group=Team:ROLE,ROLE"),
        ("a=T:R;ops=Team:", "'' in 'ops=Team:' is no role, such as DATA_SCIENTIST"),
        ("ops=Team:A,,B", "'' in 'ops=Team:A,,B' is no role, such as DATA_SCIENTIST"),
        ("ops=Team:DATA SCIENTIST", "'DATA SCIENTIST' in 'ops=Team:DATA SCIENTIST' is no role, such as DATA_SCIENTIST"),
        ("ops=T:A;ops=T:B", "group 'ops' gives team 'T' twice; name all roles in one place"),
    ],
)
def test_mistakes_are_named(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(problem)}$"):
        parse_group_teams(text)


def test_teams_of_somebody() -> None:
    mapping = parse_group_teams("a=T:X;b=T:Y;b=U:Z;c=V:X")

    assert teams_of({"a", "b", "unknown"}, mapping) == {"T": frozenset("XY"), "U": frozenset("Z")}
    assert teams_of([], mapping) == {}
