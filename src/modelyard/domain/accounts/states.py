"""The states of users, teams and projects, in the words that clients know."""

from enum import StrEnum


class UserStatus(StrEnum):
    """Where a person stands; Deleted is final."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"
    INVITED = "Invited"
    REJECTED = "Rejected"
    DELETED = "Deleted"


class AccountStatus(StrEnum):
    """Where an organisation stands; while it is inactive nobody of it is let in."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"


class TeamStatus(StrEnum):
    """Whether a team is there; what was deleted keeps its row for those who refer to it."""

    ACTIVE = "Active"
    DELETED = "Deleted"


class ProjectStatus(StrEnum):
    """Where a project stands; its keys work while it is active."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    DELETED = "DELETED"
