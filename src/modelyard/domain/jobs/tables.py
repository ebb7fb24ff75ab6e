"""Jobs, their items, the inputs and outputs of the items; lanes, votes and callbacks."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship

from modelyard.core.database import BIG_INTEGER, Base
from modelyard.domain.jobs.item_names import LONGEST_KEY, key_of_name


class Job(Base):
    """What a user submitted. Its counts are kept in the same transactions as its items. Times in milliseconds."""

    __tablename__ = "jobs"
    __table_args__ = (
        # Those that end with a time find the newest, or oldest, of a list without sorting.
        Index(None, "created_at"),
        Index(None, "account_id", "created_at"),
        Index(None, "team_id", "created_at"),
        Index(None, "user_id", "created_at"),
        Index(None, "user_id", "version_id", "created_at"),
        Index(None, "project_id", "created_at"),
        Index(None, "key_prefix", "created_at"),
        Index(None, "version_id", "created_at"),
        Index(None, "model_name", "created_at"),
        Index(None, "status", "created_at"),
        Index(None, "status", "deadline"),
        Index(None, "finished_at"),
        Index(None, "inputs_deleted_at", "finished_at"),
        Index(None, "results_deleted_at", "finished_at"),
        Index(None, "input_kind", "inputs_deleted_at", "status"),  # what was uploaded in vain
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    account_name: Mapped[str] = mapped_column(String(200))
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id"))
    project_name: Mapped[str] = mapped_column(String(200), default="", server_default="")
    key_prefix: Mapped[str] = mapped_column(String(64))
    version_id: Mapped[int]
    """Of a version that may be gone, as that of the items: what a job says outlives what it ran on."""
    model_id: Mapped[str] = mapped_column(String(10))
    model_name: Mapped[str] = mapped_column(String(200))
    version: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(20))
    input_kind: Mapped[str] = mapped_column(String(20), default="", server_default="")
    """Where its inputs come from: a kind of `inputs.sources`, or `file` for those that are uploaded in chunks."""
    sealed_source: Mapped[str | None] = mapped_column(Text)
    """How to reach the place where its inputs are, encrypted; gone when the job ends."""
    is_preparing: Mapped[bool] = mapped_column(default=False, server_default=false())
    """That its items are still being found out, so its total is not known."""
    explain: Mapped[bool]
    timeout_ms: Mapped[int] = mapped_column(BIG_INTEGER)
    """0: none."""
    deadline: Mapped[datetime | None]
    total: Mapped[int]
    completed: Mapped[int]
    """Items that have a result."""
    failed: Mapped[int]
    """Items that have an error."""
    input_bytes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    total_queue_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    total_latency_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    inputs_deleted_at: Mapped[datetime | None]
    results_deleted_at: Mapped[datetime | None]
    hours_delete_input: Mapped[int]
    charges: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """Quotas that its items count against, each with the window: what fails is credited back there."""
    callback: Mapped["JobCallback | None"] = relationship(lazy="raise", uselist=False)


def _key_of_item(context: DefaultExecutionContext) -> str:
    return key_of_name(context.get_current_parameters()["name"])  # type: ignore[no-untyped-call]


class JobItem(Base):
    """One named group of inputs. While it runs, `claim` is the token without which nobody can finish it."""

    __tablename__ = "job_items"
    __table_args__ = (
        Index(None, "job_id", "position"),
        Index(None, "job_id", "name_key", unique=True),
        Index(None, "state", "lane_id", "id"),  # claims and demand: finished items cost nothing
    )

    id: Mapped[int] = mapped_column(BIG_INTEGER, primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"))
    version_id: Mapped[int]
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(1000))
    name_key: Mapped[str] = mapped_column(String(LONGEST_KEY), default=_key_of_item, server_default="")
    """What to look an item up by, `item_names.key_of_name`; set by itself."""
    state: Mapped[str] = mapped_column(String(20))
    lane_id: Mapped[int | None] = mapped_column(BIG_INTEGER)
    attempts: Mapped[int]
    interruptions: Mapped[int] = mapped_column(default=0)
    """How often our own process ended while it worked on the item."""
    owner: Mapped[str | None] = mapped_column(String(64))
    claim: Mapped[str | None] = mapped_column(String(36))
    engine: Mapped[str | None] = mapped_column(String(100))
    error: Mapped[str | None] = mapped_column(Text)
    error_side: Mapped[str | None] = mapped_column(String(20))
    """Whose mistake it was: an `ErrorSide`."""
    size: Mapped[int] = mapped_column(BigInteger)
    queued_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    fetch_ms: Mapped[int | None]
    latency_ms: Mapped[int | None]


class ItemInput(Base):
    """One input of one item: in the row when it is small, else in the storage; or where it is to be fetched from.

    One with nothing of these has come in chunks: `InputChunk`.
    """

    __tablename__ = "item_inputs"

    item_id: Mapped[int] = mapped_column(BIG_INTEGER, ForeignKey("job_items.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    data: Mapped[bytes | None] = mapped_column(LargeBinary)
    storage_key: Mapped[str | None] = mapped_column(String(500))
    location: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What the source that its job names needs to find it, such as bucket and key."""


class InputChunk(Base):
    """A part of an input that came in several: the parts in the order of their positions are the input."""

    __tablename__ = "input_chunks"

    item_id: Mapped[int] = mapped_column(BIG_INTEGER, ForeignKey("job_items.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    """Of the input."""
    position: Mapped[int] = mapped_column(primary_key=True)
    """From 0, without gaps."""
    media_type: Mapped[str] = mapped_column(String(255))
    """As the sender calls this part."""
    size: Mapped[int] = mapped_column(BigInteger)
    data: Mapped[bytes | None] = mapped_column(LargeBinary)
    storage_key: Mapped[str | None] = mapped_column(String(500))


class ItemOutput(Base):
    """One output of one item: in the row when it is small, else in the storage."""

    __tablename__ = "item_outputs"

    item_id: Mapped[int] = mapped_column(BIG_INTEGER, ForeignKey("job_items.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    data: Mapped[bytes | None] = mapped_column(LargeBinary)
    storage_key: Mapped[str | None] = mapped_column(String(500))


class JobLane(Base):
    """The items of one user in one team for one version and priority: what takes turns with the lanes of others."""

    __tablename__ = "job_lanes"
    __table_args__ = (
        UniqueConstraint("version_id", "priority", "team_id", "user_id"),
        Index(None, "is_waiting", "version_id"),
    )

    id: Mapped[int] = mapped_column(BIG_INTEGER, primary_key=True)
    version_id: Mapped[int]
    priority: Mapped[int]
    """Lower first."""
    team_id: Mapped[str] = mapped_column(String(36))
    user_id: Mapped[str] = mapped_column(String(36))
    is_waiting: Mapped[bool]
    """That it may have queued items; never false while it has some."""
    last_turn: Mapped[int] = mapped_column(BigInteger)
    """A number that grows with every turn of the version's lanes: whose is lowest has waited for longest."""
    revision: Mapped[int] = mapped_column(BigInteger)
    """Grows whenever items are queued, so that nobody calls a lane empty that was filled meanwhile."""


class ItemVote(Base):
    """What one user thinks of the result of one item."""

    __tablename__ = "item_votes"

    item_id: Mapped[int] = mapped_column(BIG_INTEGER, ForeignKey("job_items.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    is_up: Mapped[bool]
    created_at: Mapped[datetime]


class JobCallback(Base):
    """Whom to tell when a job has ended, and how that went."""

    __tablename__ = "job_callbacks"
    __table_args__ = (Index(None, "state", "next_at"),)

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    sealed_secret: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20))
    attempts: Mapped[int]
    next_at: Mapped[datetime | None]
    last_status: Mapped[int | None]
    """The HTTP status of the last answer."""
    last_error: Mapped[str | None] = mapped_column(Text)
    delivered_at: Mapped[datetime | None]
