"""What may be done on the platform, and how far a permission reaches."""

from enum import IntEnum, StrEnum


class Reach(IntEnum):
    """Over whose things a permission holds; each includes the ones before it."""

    OWN = 1
    """One's own; for a project's key what belongs to the project."""
    TEAM = 2
    """Those of the team that one acts for; in the admin team all of the account."""
    ACCOUNT = 3
    INSTALLATION = 4


class Permission(StrEnum):
    """Something that may be done, as `thing:verb`."""

    READ_MODELS = "models:read"
    DEPLOY_MODELS = "models:deploy"
    CHANGE_MODELS = "models:change"
    RECOMMEND_MODELS = "models:recommend"
    REMOVE_MODELS = "models:remove"
    SET_ENGINES = "engines:set"
    READ_ENGINES = "engines:read"
    APPROVE_MODELS = "models:approve"
    SUBMIT_JOBS = "jobs:submit"
    READ_JOBS = "jobs:read"
    CANCEL_JOBS = "jobs:cancel"
    VOTE_ON_RESULTS = "results:vote"
    USE_PROFILE = "profile:use"
    READ_ACCOUNTS = "accounts:read"
    MANAGE_ACCOUNTS = "accounts:manage"
    READ_USERS = "users:read"
    MANAGE_USERS = "users:manage"
    READ_TEAMS = "teams:read"
    MANAGE_TEAMS = "teams:manage"
    READ_KEYS = "keys:read"
    MANAGE_KEYS = "keys:manage"
    READ_PROJECTS = "projects:read"
    CREATE_PROJECTS = "projects:create"
    MANAGE_PROJECTS = "projects:manage"
    READ_ROLES = "roles:read"
    ASSIGN_ROLES = "roles:assign"
    MANAGE_ROLES = "roles:manage"
    READ_QUOTAS = "quotas:read"
    MANAGE_QUOTAS = "quotas:manage"
    READ_PRESETS = "presets:read"
    MANAGE_PRESETS = "presets:manage"
    MANAGE_TAGS = "tags:manage"
    MANAGE_CARD_SCHEMA = "card-schema:manage"
    READ_AUDIT = "audit:read"
    READ_MEASURES = "measures:read"

    @property
    def entitlement(self) -> str:
        """Its identifier on the wire."""
        return _KNOWN_TO_CLIENTS.get(self, f"CAN_{self.name}")

    @property
    def meaning(self) -> str:
        """One sentence for people."""
        return _MEANINGS[self]


_KNOWN_TO_CLIENTS = {Permission.SET_ENGINES: "CAN_PATCH_PROCESSING_MODEL_VERSION"}
"""A client looks for this word before it chooses its route."""

_MEANINGS = {
    Permission.READ_MODELS: "See models whatever their visibility says; everybody sees those that are visible to them.",
    Permission.DEPLOY_MODELS: "Create models and versions, give them an image and test them.",
    Permission.CHANGE_MODELS: "Describe, activate, delete and restore models; set who may see them.",
    Permission.RECOMMEND_MODELS: "Say which models are recommended, and which are commercial.",
    Permission.REMOVE_MODELS: "Remove models and versions for good.",
    Permission.SET_ENGINES: "Set how many engines a version may have.",
    Permission.READ_ENGINES: "See which engines run, and what waits for them.",
    Permission.APPROVE_MODELS: "Approve or reject a version before it becomes active.",
    Permission.SUBMIT_JOBS: "Run models.",
    Permission.READ_JOBS: "See jobs and their results.",
    Permission.CANCEL_JOBS: "Cancel jobs.",
    Permission.VOTE_ON_RESULTS: "Say whether the result of an item is good or bad.",
    Permission.USE_PROFILE: "Change one's own profile, fetch and replace one's own keys.",
    Permission.READ_ACCOUNTS: "See an account and its settings.",
    Permission.MANAGE_ACCOUNTS: "Create and deactivate accounts; set their licence and who approves versions.",
    Permission.READ_USERS: "See users.",
    Permission.MANAGE_USERS: "Invite, change, deactivate and delete users.",
    Permission.READ_TEAMS: "See teams and their members.",
    Permission.MANAGE_TEAMS: "Rename teams, add and remove members; the admin team creates teams and sets the logo.",
    Permission.READ_KEYS: "See keys, never their bodies.",
    Permission.MANAGE_KEYS: "Activate, deactivate, limit and delete the keys of others.",
    Permission.READ_PROJECTS: "See projects.",
    Permission.CREATE_PROJECTS: "Create projects.",
    Permission.MANAGE_PROJECTS: "Change and delete projects, their members and keys.",
    Permission.READ_ROLES: "See roles and what they may do.",
    Permission.ASSIGN_ROLES: "Give roles to the keys of others.",
    Permission.MANAGE_ROLES: "Create, change and delete custom roles.",
    Permission.READ_QUOTAS: "See quotas and how much of them is used.",
    Permission.MANAGE_QUOTAS: "Create, change and delete quotas.",
    Permission.READ_PRESETS: "See all hardware presets and whom they are assigned to.",
    Permission.MANAGE_PRESETS: "Create and change hardware presets, assign them to accounts and models.",
    Permission.MANAGE_TAGS: "Rename, merge and delete tags that people made up; give tags an image.",
    Permission.MANAGE_CARD_SCHEMA: "In the admin team, set what the model cards of the account have to say.",
    Permission.READ_AUDIT: "Read and export the audit trail.",
    Permission.READ_MEASURES: "Read the measurements of the installation.",
}
