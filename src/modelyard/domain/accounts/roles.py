"""The prebuilt roles, and the one table of what each may do and how far."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from modelyard.domain.accounts.permissions import Permission, Reach

Grants = Mapping[Permission, Reach]
"""What somebody may do, and how far each of it reaches."""


class Role(StrEnum):
    """A prebuilt bundle of permissions."""

    SYSTEM_OWNER = "SYSTEM_OWNER"
    ACCOUNT_ADMIN = "ACCOUNT_ADMIN"
    DATA_SCIENTIST = "DATA_SCIENTIST"
    DEVELOPER = "DEVELOPER"
    AUDITOR = "AUDITOR"
    PROJECT = "PROJECT"


class RoleType(StrEnum):
    """Which keys may carry a role: those of users in teams, or those of projects."""

    USER = "user"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class PrebuiltRole:
    """How a prebuilt role is shown. Lists are in the order of the weights."""

    name: str
    description: str
    weight: int
    type: RoleType = RoleType.USER


ROLES: dict[Role, PrebuiltRole] = {
    Role.SYSTEM_OWNER: PrebuiltRole("Platform Administrator", "Administers the whole installation.", 10),
    Role.ACCOUNT_ADMIN: PrebuiltRole("Team Administrator", "Administers a team; in the admin team the account.", 20),
    Role.DATA_SCIENTIST: PrebuiltRole("Data Scientist", "Deploys and runs models.", 30),
    Role.DEVELOPER: PrebuiltRole("Developer", "Finds and runs models.", 40),
    Role.AUDITOR: PrebuiltRole("Auditor", "Sees everything, and changes nothing of it.", 50),
    Role.PROJECT: PrebuiltRole("Project key", "Runs the jobs of a project.", 60, RoleType.SYSTEM),
}

_COLUMNS = (
    Role.SYSTEM_OWNER,
    Role.ACCOUNT_ADMIN,
    Role.DATA_SCIENTIST,
    Role.DEVELOPER,
    Role.AUDITOR,
    Role.PROJECT,
)
_REACHES = {"-": None, "own": Reach.OWN, "team": Reach.TEAM, "account": Reach.ACCOUNT, "all": Reach.INSTALLATION}
# fmt: off
_TABLE: dict[Permission, str] = {
    #                            owner   admin   scientist developer auditor project
    Permission.READ_MODELS:     "all     team    own       own       all     own",
    Permission.DEPLOY_MODELS:   "-       -       own       -         -       -",
    Permission.CHANGE_MODELS:   "all     team    own       -         -       -",
    Permission.RECOMMEND_MODELS:"all     team    -         -         -       -",
    Permission.REMOVE_MODELS:   "all     team    -         -         -       -",
    Permission.SET_ENGINES:     "all     team    own       -         -       -",
    Permission.READ_ENGINES:    "all     team    team      team      all     own",
    Permission.APPROVE_MODELS:  "-       team    -         -         -       -",
    Permission.SUBMIT_JOBS:     "-       own     own       own       own     own",
    Permission.READ_JOBS:       "all     team    team      team      all     own",
    Permission.CANCEL_JOBS:     "all     team    team      team      -       own",
    Permission.VOTE_ON_RESULTS: "all     team    team      team      -       own",
    Permission.USE_PROFILE:     "own     own     own       own       own     -",
    Permission.READ_ACCOUNTS:   "all     account account   account   all     account",
    Permission.MANAGE_ACCOUNTS: "all     -       -         -         -       -",
    Permission.READ_USERS:      "all     team    team      team      all     own",
    Permission.MANAGE_USERS:    "all     team    -         -         -       -",
    Permission.READ_TEAMS:      "all     team    own       own       all     own",
    Permission.MANAGE_TEAMS:    "all     team    -         -         -       -",
    Permission.READ_KEYS:       "all     team    own       own       all     own",
    Permission.MANAGE_KEYS:     "all     team    -         -         -       -",
    Permission.READ_PROJECTS:   "all     team    own       own       all     own",
    Permission.CREATE_PROJECTS: "-       team    team      team      -       -",
    Permission.MANAGE_PROJECTS: "all     team    own       own       -       -",
    Permission.READ_ROLES:      "all     account account   account   all     account",
    Permission.ASSIGN_ROLES:    "all     team    -         -         -       -",
    Permission.MANAGE_ROLES:    "all     -       -         -         -       -",
    Permission.READ_QUOTAS:     "all     team    own       own       all     own",
    Permission.MANAGE_QUOTAS:   "all     team    -         -         -       -",
    Permission.READ_PRESETS:    "all     account -         -         all     -",
    Permission.MANAGE_PRESETS:  "all     -       -         -         -       -",
    Permission.MANAGE_TAGS:     "all     -       -         -         -       -",
    Permission.MANAGE_CARD_SCHEMA: "all  team    -         -         -       -",
    Permission.READ_AUDIT:      "all     team    -         -         all     -",
    Permission.READ_MEASURES:   "all     -       -         -         all     -",
}
# fmt: on


def _grants_in_column(number: int) -> Grants:
    cells = {permission: _REACHES[row.split()[number]] for permission, row in _TABLE.items()}
    return {permission: reach for permission, reach in cells.items() if reach is not None}


PERMISSIONS: dict[Role, Grants] = {role: _grants_in_column(number) for number, role in enumerate(_COLUMNS)}


def joined(bundles: Iterable[Grants]) -> dict[Permission, Reach]:
    """What all bundles together allow, each permission as far as it goes in one of them."""
    grants: dict[Permission, Reach] = {}
    for bundle in bundles:
        for permission, reach in bundle.items():
            grants[permission] = max(reach, grants.get(permission, reach))
    return grants


def prebuilt_grants(roles: Iterable[str]) -> dict[Permission, Reach]:
    """What the prebuilt ones among some roles allow."""
    return joined(PERMISSIONS[Role(role)] for role in roles if role in set(Role))


_NARROW = [PERMISSIONS[role] for role in (Role.ACCOUNT_ADMIN, Role.DATA_SCIENTIST, Role.DEVELOPER)]
"""The roles whose reach a custom role can have; what none of them may do reaches as far as the owner's."""


def custom_grants(permissions: Iterable[str], key_type: str = RoleType.USER) -> dict[Permission, Reach]:
    """What a custom role with these permissions allows; one for projects' keys reaches as far as theirs."""
    if key_type == RoleType.SYSTEM:
        of_projects = PERMISSIONS[Role.PROJECT]
        return {each: of_projects[each] for each in map(Permission, permissions) if each in of_projects}
    grants: dict[Permission, Reach] = {}
    for permission in map(Permission, permissions):
        reaches = [role[permission] for role in _NARROW if permission in role]
        grants[permission] = max(reaches) if reaches else Reach.INSTALLATION
    return grants


_ADMINISTRATIVE = frozenset(
    {
        Permission.MANAGE_ACCOUNTS,
        Permission.MANAGE_USERS,
        Permission.MANAGE_TEAMS,
        Permission.MANAGE_KEYS,
        Permission.MANAGE_ROLES,
        Permission.ASSIGN_ROLES,
        Permission.MANAGE_QUOTAS,
        Permission.MANAGE_PRESETS,
    }
)
"""Who has one of these farther than somebody else is not changed by them, nor made by them."""


def is_administrative(permission: Permission, reach: Reach) -> bool:
    """Whether it is for administrators alone to have it so far."""
    return reach == Reach.INSTALLATION or permission in _ADMINISTRATIVE


def administrative(grants: Grants) -> Permission | None:
    """A permission among these that makes somebody an administrator."""
    return next((permission for permission, reach in grants.items() if is_administrative(permission, reach)), None)
