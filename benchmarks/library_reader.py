"""Who looks through the library of the benchmarks, and when."""

from datetime import UTC, datetime

from benchmarks.library_rows import account, person, team
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.roles import Role, prebuilt_grants

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_ROLES = [Role.AUDITOR]
READER = Actor(
    account_id=account(0),
    account_name="Organisation 0",
    team_id=team(0),
    user_id=person(0),
    email="person0@example.org",
    first_name="First0",
    last_name="Last0",
    key_prefix="",
    roles=frozenset(_ROLES),
    grants=prebuilt_grants(_ROLES),
)
"""Sees all models, which is the most to look through."""
