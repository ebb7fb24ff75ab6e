"""How far somebody reads the audit trail."""

from dataclasses import replace

import pytest

from modelyard.domain.accounts.actor import RoleMissing
from modelyard.domain.accounts.event_reach import events_within
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.roles import Role
from modelyard.domain.audit.filters import EventFilter
from tests.cast import CAST, with_roles

HEAD = with_roles(CAST.bob, Role.ACCOUNT_ADMIN)
ACCOUNT_HEAD = with_roles(replace(CAST.bob, in_admin_team=True), Role.ACCOUNT_ADMIN)
ONESELF = replace(CAST.bob, grants={Permission.READ_AUDIT: Reach.OWN})
AUDITOR = with_roles(CAST.charlie, Role.AUDITOR)


def test_each_reach() -> None:
    acme, bob = CAST.bob.account_id, CAST.bob.user_id

    assert events_within(AUDITOR, EventFilter()) == EventFilter()
    assert events_within(ACCOUNT_HEAD, EventFilter()) == EventFilter(account_id=acme)
    assert events_within(HEAD, EventFilter()) == EventFilter(account_id=acme, team_id=CAST.bob.team_id)
    assert events_within(ONESELF, EventFilter()) == EventFilter(account_id=acme, user_id=bob)


def test_what_lies_beyond_is_nothing() -> None:
    assert events_within(AUDITOR, EventFilter(account_id="account-acme")) == EventFilter(account_id="account-acme")
    assert events_within(HEAD, EventFilter(account_id="account-other")) is None
    assert events_within(ONESELF, EventFilter(user_id="user-alice")) is None
    with pytest.raises(RoleMissing):
        events_within(CAST.alice, EventFilter())
