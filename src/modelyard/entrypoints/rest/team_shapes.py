"""Teams and their members on the wire."""

from typing import Any

from modelyard.domain.accounts.members import Member
from modelyard.domain.accounts.teams import TeamFacts
from modelyard.entrypoints.rest.person_shapes import person_object
from modelyard.entrypoints.rest.wire import time_text, without_none


def team_object(facts: TeamFacts) -> dict[str, Any]:
    """A team with the number of its members."""
    team = facts.team
    return {
        "identifier": team.id,
        "name": team.name,
        "isAdmin": team.is_admin,
        "account": {"identifier": team.account_id, "name": facts.account_name},
        "members": facts.members,
        "createdAt": time_text(team.created_at),
        "updatedAt": time_text(team.updated_at or team.created_at),
    }


def member_object(member: Member) -> dict[str, Any]:
    """A user in a team; without `accessKey` when the key was deleted."""
    return without_none(
        {
            "user": person_object(member.user),
            "roles": member.membership.roles,
            "accessKey": member.key_prefix,
            "joinedAt": time_text(member.membership.created_at),
        }
    )
