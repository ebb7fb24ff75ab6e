"""Adds an index of jobs by person and version, which many jobs can have, but not together."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_COLUMNS = ["user_id", "version_id", "created_at"]


def upgrade() -> None:
    op.create_index(f"ix_jobs_{'_'.join(_COLUMNS)}", "jobs", _COLUMNS, unique=False)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
