"""Adds indexes that end with a time: lists of jobs and what is to be deleted are found without sorting."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_REPLACED = ("user_id", "project_id", "key_prefix", "version_id")
_ADDED = (
    ["created_at"],
    *([column, "created_at"] for column in ("team_id", *_REPLACED, "model_name", "status")),
    ["finished_at"],
    ["inputs_deleted_at", "finished_at"],
    ["results_deleted_at", "finished_at"],
)


def upgrade() -> None:
    for column in _REPLACED:
        op.drop_index(f"ix_jobs_{column}", "jobs")
    for columns in _ADDED:
        op.create_index(f"ix_jobs_{'_'.join(columns)}", "jobs", columns, unique=False)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
