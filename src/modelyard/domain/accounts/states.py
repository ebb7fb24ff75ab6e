"""The states of users, teams and projects, in the words that clients know."""

from enum import StrEnum


class UserStatus(StrEnum):
    """Where a person stands; Deleted is final."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"
    INVITED = "Invited"
    REJECTED = "Rejected"
    DELETED = "Deleted"


class TeamStatus(StrEnum):
    """Whether a team or an account is there; what was deleted keeps its row for those who refer to it."""

    ACTIVE = "Active"
    DELETED = "Deleted"


class ProjectStatus(StrEnum):
    """Where a project stands; its keys work while it is active."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    DELETED = "DELETED"
