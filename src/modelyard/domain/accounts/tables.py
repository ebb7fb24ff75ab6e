"""Accounts, teams, users, keys, projects, custom roles, quotas, sessions and one-time links."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from modelyard.core.database import Base

_NOT_DELETED = text("status != 'Deleted'")


def _unique_while_there(*columns: str) -> Index:
    """What was deleted keeps its row, and gives its name free."""
    return Index(None, *columns, unique=True, sqlite_where=_NOT_DELETED, postgresql_where=_NOT_DELETED)


class Account(Base):
    """An organisation on this installation."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    status: Mapped[str] = mapped_column(String(20), default="Active", server_default="Active")
    processing_engines: Mapped[int | None]
    """The licence: engines in total; None: as the settings say."""
    approval_roles: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    """Each of these roles has to say yes before a version can be active; empty: nobody is asked."""
    created_at: Mapped[datetime]


class Team(Base):
    """A group of users of one account."""

    __tablename__ = "teams"
    __table_args__ = (_unique_while_there("account_id", "name"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    name: Mapped[str] = mapped_column(String(200))
    is_admin: Mapped[bool]
    status: Mapped[str] = mapped_column(String(20), default="Active", server_default="Active")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]


class User(Base):
    """A person. `email` is in lower case."""

    __tablename__ = "users"
    __table_args__ = (_unique_while_there("email"), Index(None, "oidc_subject"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    email: Mapped[str] = mapped_column(String(320))
    external_id: Mapped[str | None] = mapped_column(String(320))
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    title: Mapped[str | None] = mapped_column(String(50))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(40), default="local", server_default="local")
    oidc_subject: Mapped[str | None] = mapped_column(String(500))
    """Issuer and subject at the OpenID provider."""
    picture_address: Mapped[str | None] = mapped_column(String(80), index=True)
    picture_key: Mapped[str | None] = mapped_column(String(500))
    """Where the storage has the picture."""
    visited: Mapped[bool] = mapped_column(default=False, server_default="0")
    onboarded: Mapped[bool] = mapped_column(default=False, server_default="0")
    last_active_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]


class Membership(Base):
    """A user in a team, and the roles they have there."""

    __tablename__ = "memberships"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id"), primary_key=True, index=True)
    roles: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    created_at: Mapped[datetime]


class Project(Base):
    """Work that a group shares through keys of its own."""

    __tablename__ = "projects"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id"), index=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    """Who owns it."""
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(String(2000), default="")
    status: Mapped[str] = mapped_column(String(20))
    visibility: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ProjectMember(Base):
    """A user who works in a project."""

    __tablename__ = "project_members"

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    created_at: Mapped[datetime]


class ApiKey(Base):
    """A key of a user in a team, or of a project. The body is not kept, only its fingerprint."""

    __tablename__ = "api_keys"

    prefix: Mapped[str] = mapped_column(String(64), primary_key=True)
    body_fingerprint: Mapped[str | None] = mapped_column(String(64))
    """None until the body is fetched, which makes it."""
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(String(2000))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id"), index=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id"), index=True)
    roles: Mapped[list[str]]
    """Of a project's key; those of a user's key are the membership's."""
    status: Mapped[str] = mapped_column(String(20))
    is_default: Mapped[bool]
    is_high_priority: Mapped[bool]
    scopes: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    """Permissions that the key is limited to; empty: all of its roles."""
    networks: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    """Networks it may be used from; empty: any."""
    labels: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    created_at: Mapped[datetime]
    retrieved_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class CustomRole(Base):
    """A role that an administrator made."""

    __tablename__ = "custom_roles"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    identifier: Mapped[str] = mapped_column(String(60), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(String(500))
    long_description: Mapped[str] = mapped_column(String(4000))
    weight: Mapped[int]
    type: Mapped[str] = mapped_column(String(20))
    permissions: Mapped[list[str]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Quota(Base):
    """How many items a user, a team or a project may submit, in all or in each period."""

    __tablename__ = "quotas"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"), index=True)
    team_id: Mapped[str | None] = mapped_column(ForeignKey("teams.id"), index=True)
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id"), index=True)
    period: Mapped[str | None] = mapped_column(String(20))
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    amount: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class QuotaUse(Base):
    """How much of a quota is used in the window that begins at a time."""

    __tablename__ = "quota_uses"

    quota_id: Mapped[str] = mapped_column(ForeignKey("quotas.id", ondelete="CASCADE"), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    used: Mapped[int] = mapped_column(BigInteger)


class SignedInSession(Base):
    """A person who is signed in: with a cookie in a browser, or with a short-lived token made from that."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    """A token ends with the session that it was made from."""
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id"), index=True)
    method: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(45))
    user_agent: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class OneTimeLink(Base):
    """An invitation or a reset of a password: good once, for a time."""

    __tablename__ = "one_time_links"

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class InstallationSecret(Base):
    """A secret that the installation made for itself, sealed."""

    __tablename__ = "installation_secrets"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    sealed: Mapped[str] = mapped_column(String(1000))
