"""The permission table, spelled out again: a change of it must be meant."""

import pytest

from modelyard.core.errors import NotAllowed
from modelyard.domain.accounts.actor import require
from modelyard.domain.accounts.roles import PERMISSIONS, Permission, Role, permissions_of
from tests.cast import Cast

ALLOWED = {
    Role.SYSTEM_OWNER: "models:read models:administer jobs:read jobs:cancel jobs:read-all",
    Role.ACCOUNT_ADMIN: "models:read models:administer jobs:read jobs:submit jobs:cancel jobs:read-all",
    Role.DATA_SCIENTIST: "models:read models:deploy jobs:read jobs:submit jobs:cancel",
    Role.DEVELOPER: "models:read jobs:read jobs:submit jobs:cancel",
    Role.AUDITOR: "models:read jobs:read jobs:submit jobs:read-all",
}


@pytest.mark.parametrize("role", list(Role))
def test_role_grants_exactly_this(role: Role) -> None:
    assert {str(permission) for permission in PERMISSIONS[role]} == set(ALLOWED[role].split())


def test_roles_add_up() -> None:
    both = permissions_of(frozenset({Role.DEVELOPER, Role.AUDITOR}))

    assert both == PERMISSIONS[Role.DEVELOPER] | PERMISSIONS[Role.AUDITOR]
    assert permissions_of(frozenset()) == frozenset()


def test_missing_permission_is_named(cast: Cast) -> None:
    require(cast.alice, Permission.DEPLOY_MODELS)
    with pytest.raises(NotAllowed, match="models:administer"):
        require(cast.alice, Permission.ADMINISTER_MODELS)
