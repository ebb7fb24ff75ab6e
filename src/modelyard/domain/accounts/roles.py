"""The prebuilt roles and what each may do: the one permission table."""

from enum import StrEnum


class Role(StrEnum):
    """A bundle of permissions on an API key."""

    SYSTEM_OWNER = "SYSTEM_OWNER"
    ACCOUNT_ADMIN = "ACCOUNT_ADMIN"
    DATA_SCIENTIST = "DATA_SCIENTIST"
    DEVELOPER = "DEVELOPER"
    AUDITOR = "AUDITOR"


class Permission(StrEnum):
    """Something that may be done, as `thing:verb`."""

    READ_MODELS = "models:read"
    DEPLOY_MODELS = "models:deploy"
    ADMINISTER_MODELS = "models:administer"
    SUBMIT_JOBS = "jobs:submit"
    READ_JOBS = "jobs:read"
    CANCEL_JOBS = "jobs:cancel"
    READ_ALL_JOBS = "jobs:read-all"


_EVERYONE = {Permission.READ_MODELS, Permission.READ_JOBS}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.SYSTEM_OWNER: frozenset(
        _EVERYONE | {Permission.ADMINISTER_MODELS, Permission.CANCEL_JOBS, Permission.READ_ALL_JOBS}
    ),
    Role.ACCOUNT_ADMIN: frozenset(
        _EVERYONE
        | {
            Permission.ADMINISTER_MODELS,
            Permission.SUBMIT_JOBS,
            Permission.CANCEL_JOBS,
            Permission.READ_ALL_JOBS,
        }
    ),
    Role.DATA_SCIENTIST: frozenset(
        _EVERYONE | {Permission.DEPLOY_MODELS, Permission.SUBMIT_JOBS, Permission.CANCEL_JOBS}
    ),
    Role.DEVELOPER: frozenset(_EVERYONE | {Permission.SUBMIT_JOBS, Permission.CANCEL_JOBS}),
    Role.AUDITOR: frozenset(_EVERYONE | {Permission.SUBMIT_JOBS, Permission.READ_ALL_JOBS}),
}


def permissions_of(roles: frozenset[Role]) -> frozenset[Permission]:
    """Everything that at least one of the roles may do."""
    return frozenset().union(*(PERMISSIONS[role] for role in roles))
