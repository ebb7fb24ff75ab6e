"""Adds projects, custom roles, quotas, sessions and approvals; chains the audit trail."""

import sqlalchemy as sa
from alembic import op

import modelyard.core.database
from modelyard.migrations.audit_chain_0002 import chain_events

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BIG_INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit_chain",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("last_id", _BIG_INTEGER, nullable=False),
        sa.Column("last_hash", sa.String(length=64), nullable=False),
        sa.Column("anchor_id", _BIG_INTEGER, nullable=False),
        sa.Column("anchor_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chain")),
    )
    op.create_table(
        "installation_secrets",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("sealed", sa.String(length=1000), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_installation_secrets")),
    )
    op.create_table(
        "account_requirements",
        sa.Column("requirement_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_requirements_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["requirement_id"], ["requirements.id"], name=op.f("fk_account_requirements_requirement_id_requirements")
        ),
        sa.PrimaryKeyConstraint("requirement_id", "account_id", name=op.f("pk_account_requirements")),
    )
    op.create_table(
        "custom_roles",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("identifier", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("long_description", sa.String(length=4000), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.Column("created_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_custom_roles_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", "identifier", name=op.f("pk_custom_roles")),
    )
    op.create_table(
        "one_time_links",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_one_time_links_user_id_users")),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_one_time_links")),
    )
    with op.batch_alter_table("one_time_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_one_time_links_user_id"), ["user_id"], unique=False)

    op.create_table(
        "projects",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("team_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.String(length=2000), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("visibility", sa.String(length=20), nullable=False),
        sa.Column("created_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_projects_account_id_accounts")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_projects_team_id_teams")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_projects_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
    )
    with op.batch_alter_table("projects", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_projects_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_projects_team_id"), ["team_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_projects_user_id"), ["user_id"], unique=False)

    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("parent_id", sa.String(length=36), nullable=True),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("team_id", sa.String(length=36), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("user_agent", sa.String(length=300), nullable=False),
        sa.Column("created_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["sessions.id"], name=op.f("fk_sessions_parent_id_sessions"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_sessions_team_id_teams")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_sessions_fingerprint")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sessions_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sessions_team_id"), ["team_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sessions_user_id"), ["user_id"], unique=False)

    op.create_table(
        "model_requirements",
        sa.Column("requirement_id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_model_requirements_model_id_models")),
        sa.ForeignKeyConstraint(
            ["requirement_id"], ["requirements.id"], name=op.f("fk_model_requirements_requirement_id_requirements")
        ),
        sa.PrimaryKeyConstraint("requirement_id", "model_id", name=op.f("pk_model_requirements")),
    )
    with op.batch_alter_table("model_requirements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_model_requirements_model_id"), ["model_id"], unique=False)

    op.create_table(
        "model_teams",
        sa.Column("model_id", sa.String(length=10), nullable=False),
        sa.Column("team_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_model_teams_model_id_models")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_model_teams_team_id_teams")),
        sa.PrimaryKeyConstraint("model_id", "team_id", name=op.f("pk_model_teams")),
    )
    with op.batch_alter_table("model_teams", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_model_teams_team_id"), ["team_id"], unique=False)

    op.create_table(
        "project_members",
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_project_members_project_id_projects")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_project_members_user_id_users")),
        sa.PrimaryKeyConstraint("project_id", "user_id", name=op.f("pk_project_members")),
    )
    with op.batch_alter_table("project_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_project_members_user_id"), ["user_id"], unique=False)

    op.create_table(
        "quotas",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("team_id", sa.String(length=36), nullable=True),
        sa.Column("project_id", sa.String(length=36), nullable=True),
        sa.Column("period", sa.String(length=20), nullable=True),
        sa.Column("starts_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ends_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("created_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_quotas_account_id_accounts")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_quotas_project_id_projects")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_quotas_team_id_teams")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_quotas_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotas")),
    )
    with op.batch_alter_table("quotas", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quotas_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_quotas_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_quotas_team_id"), ["team_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_quotas_user_id"), ["user_id"], unique=False)

    op.create_table(
        "approvals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=60), nullable=False),
        sa.Column("is_approved", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=False),
        sa.Column("decided_by_email", sa.String(length=320), nullable=False),
        sa.Column("decided_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=False),
        sa.Column("is_void", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_approvals_decided_by_users")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_approvals_version_id_versions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_approvals_version_id"), ["version_id"], unique=False)

    op.create_table(
        "quota_uses",
        sa.Column("quota_id", sa.String(length=36), nullable=False),
        sa.Column("window_start", modelyard.core.database.UtcDateTime(timezone=True), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["quota_id"], ["quotas.id"], name=op.f("fk_quota_uses_quota_id_quotas"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("quota_id", "window_start", name=op.f("pk_quota_uses")),
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("status", sa.String(length=20), server_default="Active", nullable=False))
        batch_op.add_column(sa.Column("processing_engines", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("approval_roles", sa.JSON(), server_default="[]", nullable=False))

    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.add_column(sa.Column("description", sa.String(length=2000), nullable=True))
        batch_op.add_column(sa.Column("project_id", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("scopes", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("networks", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("labels", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(
            sa.Column("retrieved_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(sa.Column("expires_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=True))
        batch_op.alter_column("body_fingerprint", existing_type=sa.VARCHAR(length=64), nullable=True)
        batch_op.create_index(batch_op.f("ix_api_keys_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_api_keys_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_api_keys_team_id"), ["team_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_api_keys_user_id"), ["user_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_api_keys_project_id_projects"), "projects", ["project_id"], ["id"])

    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.add_column(sa.Column("user_id", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("key_prefix", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("team_id", sa.String(length=36), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_audit_events_team_id_action_at"), ["team_id", "action", "at"], unique=False
        )
        batch_op.add_column(sa.Column("address", sa.String(length=45), server_default="", nullable=False))
        batch_op.add_column(sa.Column("previous_hash", sa.String(length=64), server_default="", nullable=False))
        batch_op.add_column(sa.Column("hash", sa.String(length=64), server_default="", nullable=False))
        batch_op.create_index(
            batch_op.f("ix_audit_events_account_id_action_at"), ["account_id", "action", "at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_audit_events_action_at"), ["action", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_events_action_target"), ["action", "target"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_audit_events_actor_account_id_action_at"),
            ["actor", "account_id", "action", "at"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_audit_events_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_events_request_id"), ["request_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_audit_events_user_id_actor_account_id_action_at"),
            ["user_id", "actor", "account_id", "action", "at"],
            unique=False,
        )

    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("project_id", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("project_name", sa.String(length=200), server_default="", nullable=False))
        batch_op.add_column(sa.Column("charges", sa.JSON(), server_default="[]", nullable=False))
        batch_op.create_index(batch_op.f("ix_jobs_key_prefix"), ["key_prefix"], unique=False)
        batch_op.create_index(batch_op.f("ix_jobs_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_jobs_user_id"), ["user_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_jobs_project_id_projects"), "projects", ["project_id"], ["id"])

    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.add_column(sa.Column("roles", sa.JSON(), server_default="[]", nullable=False))
        batch_op.create_index(batch_op.f("ix_memberships_team_id"), ["team_id"], unique=False)

    with op.batch_alter_table("requirements", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_for_all", sa.Boolean(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("storage", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("price", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("instance_type", sa.String(length=100), nullable=True))

    with op.batch_alter_table("teams", schema=None) as batch_op:
        batch_op.add_column(sa.Column("status", sa.String(length=20), server_default="Active", nullable=False))
        batch_op.add_column(sa.Column("updated_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_teams_account_id_name"), type_="unique")
        batch_op.create_index(
            batch_op.f("ix_teams_account_id_name"),
            ["account_id", "name"],
            unique=True,
            sqlite_where=sa.text("status != 'Deleted'"),
            postgresql_where=sa.text("status != 'Deleted'"),
        )

    op.create_index(op.f("ix_models_team_id"), "models", ["team_id"], unique=False)
    _lower_addresses()
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("external_id", sa.String(length=320), nullable=True))
        batch_op.add_column(sa.Column("source", sa.String(length=40), server_default="local", nullable=False))
        batch_op.add_column(sa.Column("oidc_subject", sa.String(length=500), nullable=True))
        batch_op.add_column(sa.Column("picture_address", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("picture_key", sa.String(length=500), nullable=True))
        batch_op.add_column(sa.Column("visited", sa.Boolean(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("onboarded", sa.Boolean(), server_default="0", nullable=False))
        batch_op.add_column(
            sa.Column("last_active_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(sa.Column("updated_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_users_email"), type_="unique")
        batch_op.create_index(batch_op.f("ix_users_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_users_picture_address"), ["picture_address"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_users_email"),
            ["email"],
            unique=True,
            sqlite_where=sa.text("status != 'Deleted'"),
            postgresql_where=sa.text("status != 'Deleted'"),
        )
        batch_op.create_index(batch_op.f("ix_users_oidc_subject"), ["oidc_subject"], unique=False)

    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("approval_asked_at", modelyard.core.database.UtcDateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(sa.Column("approval_asked_by", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("approval_asked_by_email", sa.String(length=320), nullable=True))
        batch_op.add_column(sa.Column("created_by", sa.String(length=36), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_versions_approval_asked_by_users"), "users", ["approval_asked_by"], ["id"]
        )
        batch_op.create_foreign_key(batch_op.f("fk_versions_created_by_users"), "users", ["created_by"], ["id"])

    op.execute(
        "UPDATE versions SET created_by = (SELECT users.id FROM users"
        " JOIN models ON models.account_id = users.account_id"
        " WHERE models.id = versions.model_id AND users.email = lower(versions.created_by_email))"
    )
    op.execute("UPDATE api_keys SET retrieved_at = created_at")
    op.execute(
        "UPDATE memberships SET roles = coalesce((SELECT api_keys.roles FROM api_keys"
        " WHERE api_keys.user_id = memberships.user_id AND api_keys.team_id = memberships.team_id"
        " ORDER BY api_keys.created_at LIMIT 1), memberships.roles)"
    )
    chain_events(op.get_bind())


def _lower_addresses() -> None:
    """An address belongs to one user from here on, however it is written."""
    same = op.get_bind().execute(sa.text("SELECT lower(email) FROM users GROUP BY lower(email) HAVING count(*) > 1"))
    if taken := list(same.scalars()):
        raise RuntimeError(f"Several users have the same address but for upper case: {', '.join(taken)}; change one.")
    op.execute("UPDATE users SET email = lower(email)")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
