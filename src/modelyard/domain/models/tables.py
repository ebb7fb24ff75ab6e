"""Models, their versions, hardware presets, tags, test files and pictures."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from modelyard.core.database import Base
from modelyard.domain.images.tables import ContainerImage
from modelyard.domain.models.semantic import order_key


class Scope(StrEnum):
    """Who may see a model."""

    ALL = "ALL"
    ACCOUNT = "ACCOUNT"
    TEAM = "TEAM"
    PRIVATE = "PRIVATE"


class VersionStatus(StrEnum):
    """Where a version stands; `lifecycle.py` has the transitions."""

    PARTIAL = "partial"
    ACTIVE = "active"
    INACTIVE = "inactive"


class Requirement(Base):
    """A hardware preset: what one engine may use. Processor in thousandths of a core, memory in bytes."""

    __tablename__ = "requirements"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(String(500))
    gpu_units: Mapped[int]
    cpu_millis: Mapped[int]
    memory_bytes: Mapped[int] = mapped_column(BigInteger)
    is_active: Mapped[bool]
    is_for_all: Mapped[bool] = mapped_column(default=True, server_default="1")
    """False: only for the accounts and models that it is assigned to."""
    storage: Mapped[str | None] = mapped_column(String(40))
    price: Mapped[str | None] = mapped_column(String(40))
    instance_type: Mapped[str | None] = mapped_column(String(100))


class AccountRequirement(Base):
    """A preset that is assigned to an account."""

    __tablename__ = "account_requirements"

    requirement_id: Mapped[int] = mapped_column(ForeignKey("requirements.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)


class ModelRequirement(Base):
    """A preset that is assigned to a model."""

    __tablename__ = "model_requirements"

    requirement_id: Mapped[int] = mapped_column(ForeignKey("requirements.id"), primary_key=True)
    model_id: Mapped[str] = mapped_column(ForeignKey("models.id"), primary_key=True, index=True)


class Model(Base):
    """A machine-learning model in the library."""

    __tablename__ = "models"
    __table_args__ = (
        Index(None, "account_id", "name_key"),
        Index(None, "name_key", "id"),
        Index(None, "created_at", "id"),
        Index(None, "updated_at", "id"),
        Index(None, "last_active_at", "id"),
        Index(None, "latest_version_key", "id"),
        Index(None, "author", "name_key"),
        Index(None, "author", "id"),
        Index(None, "created_by_email", "id"),
        Index(None, "expires_at"),
        # Only of what is deleted: or else every list would begin with all that is not.
        Index(
            None,
            "deleted_at",
            sqlite_where=text("deleted_at IS NOT NULL"),
            postgresql_where=text("deleted_at IS NOT NULL"),
        ),
        # All that facets are counted by, so that no model is read for them; sorted as they are grouped.
        Index(
            "ix_models_facets",
            "tag_bits",
            "deleted_at",
            "scope",
            "account_id",
            "team_id",
            "created_by",
            "is_active",
            "is_recommended",
            "is_commercial",
            "expires_at",
            "id",
        ),
    )

    id: Mapped[str] = mapped_column(String(10), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id"), index=True)
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    created_by_email: Mapped[str] = mapped_column(String(320))
    created_by_full_name: Mapped[str] = mapped_column(String(201))
    author: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(String(200))
    """The name without its case, which no two databases take away alike."""
    description: Mapped[str] = mapped_column(Text, default="")
    scope: Mapped[str] = mapped_column(String(20), default=Scope.PRIVATE)
    is_recommended: Mapped[bool] = mapped_column(default=False)
    is_commercial: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    last_active_at: Mapped[datetime]
    """When a job was submitted to it last; `uses.py` writes it now and then."""
    expires_at: Mapped[datetime | None]
    """From then on it takes no jobs."""
    deleted_at: Mapped[datetime | None]
    """Set: nobody finds it any more, until it is restored."""
    deleted_by: Mapped[str | None] = mapped_column(String(320))
    tag_bits: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """The predefined tags of the model, one bit for each (`tag_names.py`), so that counting them reads one index."""

    # What `summary.py` repeats of the versions, so that lists need not read these.
    is_active: Mapped[bool] = mapped_column(default=False, server_default="0")
    latest_version: Mapped[str] = mapped_column(String(40), default="", server_default="")
    latest_active_version: Mapped[str] = mapped_column(String(40), default="", server_default="")
    latest_version_key: Mapped[str] = mapped_column(String(32), default="", server_default="")

    versions: Mapped[list["Version"]] = relationship(
        primaryjoin="and_(Version.model_id == Model.id, Version.deleted_at.is_(None))",
        order_by="Version.order_key",
        lazy="raise",
        viewonly=True,
    )
    """Those that are not deleted, in the order of their numbers."""
    tags: Mapped[list["Tag"]] = relationship(secondary="model_tags", order_by="ModelTag.position", lazy="raise")
    pictures: Mapped[list["Picture"]] = relationship(
        primaryjoin="or_(Model.id == foreign(Picture.model_id), Model.account_id == foreign(Picture.account_id))",
        order_by="(Picture.position, Picture.id)",
        viewonly=True,
        lazy="raise",
    )
    """Its own, its snapshots, and the logo of its account."""
    teams: Mapped[list["ModelTeam"]] = relationship(order_by="ModelTeam.team_id", lazy="raise")

    @validates("name")
    def _fold_name(self, _: str, name: str) -> str:
        self.name_key = name.casefold()
        return name


class ModelTeam(Base):
    """A team that a model of scope TEAM is visible to, beside the one that it belongs to."""

    __tablename__ = "model_teams"

    model_id: Mapped[str] = mapped_column(ForeignKey("models.id"), primary_key=True)
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id"), primary_key=True, index=True)


class Version(Base):
    """One deployable build of a model: one container image and its description."""

    __tablename__ = "versions"
    __table_args__ = (
        UniqueConstraint("model_id", "version"),
        Index(None, "model_id", "order_key"),
        Index(None, "approval_asked_at"),
        Index(None, "created_at", "id"),
        Index(None, "updated_at", "id"),
        Index(None, "minimum_engines", "id"),
        Index(None, "maximum_engines", "id"),
        Index(None, "image_id"),
        {"sqlite_autoincrement": True},  # jobs remember the number: it never stands for another version
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[str] = mapped_column(ForeignKey("models.id"))
    version: Mapped[str] = mapped_column(String(40))
    order_key: Mapped[str] = mapped_column(String(32))
    """The number so that texts sort as numbers do: 1.10.0 after 1.9.0."""
    deleted_at: Mapped[datetime | None]
    """Set: nobody finds it any more, until it is restored."""
    deleted_by: Mapped[str | None] = mapped_column(String(320))
    status: Mapped[str] = mapped_column(String(20), default=VersionStatus.PARTIAL)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    """None where nobody is known who did, before this was kept."""
    created_by_email: Mapped[str] = mapped_column(String(320))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    image_id: Mapped[str | None] = mapped_column(ForeignKey("container_images.id"))
    requirement_id: Mapped[int | None] = mapped_column(ForeignKey("requirements.id"))
    status_timeout_ms: Mapped[int | None]
    run_timeout_ms: Mapped[int | None]
    inputs: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    outputs: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    statistics: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    input_validation_schema: Mapped[str] = mapped_column(Text, default="")
    long_description: Mapped[str] = mapped_column(Text, default="")
    technical_details: Mapped[str] = mapped_column(Text, default="")
    performance_summary: Mapped[str] = mapped_column(Text, default="")
    version_history: Mapped[str] = mapped_column(Text, default="")
    minimum_engines: Mapped[int] = mapped_column(default=0)
    maximum_engines: Mapped[int] = mapped_column(default=1)
    sample_input: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    sample_output: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))

    load_passed: Mapped[bool] = mapped_column(default=False)
    run_passed: Mapped[bool] = mapped_column(default=False)
    batch_size: Mapped[int] = mapped_column(default=1)
    """How many items the container takes at once, as its load test found out."""
    explains: Mapped[bool] = mapped_column(default=False)
    detects_drift: Mapped[bool] = mapped_column(default=False)
    approval_asked_at: Mapped[datetime | None]
    """Set while the version waits for approval, and while it is active because of it."""
    approval_asked_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    approval_asked_by_email: Mapped[str | None] = mapped_column(String(320))

    model: Mapped[Model] = relationship(lazy="raise")
    image: Mapped[ContainerImage | None] = relationship(lazy="raise")
    requirement: Mapped[Requirement | None] = relationship(lazy="raise")
    test_inputs: Mapped[list["TestInput"]] = relationship(lazy="raise")

    @validates("version")
    def _note_order(self, _: str, version: str) -> str:
        self.order_key = order_key(version)
        return version


class Approval(Base):
    """What somebody who was asked said about a version. A new image or contract makes it void."""

    __tablename__ = "approvals"

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"), index=True)
    role: Mapped[str] = mapped_column(String(60))
    is_approved: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(2000))
    decided_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    decided_by_email: Mapped[str] = mapped_column(String(320))
    decided_at: Mapped[datetime]
    is_void: Mapped[bool] = mapped_column(default=False)


class CardRevision(Base):
    """What the card of a version said from a moment on, with the words about it that stand in the version itself."""

    __tablename__ = "card_revisions"
    __table_args__ = (UniqueConstraint("version_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id", ondelete="CASCADE"))
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    technical_details: Mapped[str] = mapped_column(Text)
    performance_summary: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]
    changed_by_email: Mapped[str] = mapped_column(String(320))


class CardSchema(Base):
    """What an account asks of the cards of its models, as a JSON Schema."""

    __tablename__ = "card_schemas"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    schema: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]
    changed_by_email: Mapped[str] = mapped_column(String(320))


class TestInput(Base):
    """A file that the run test gives to the model as one of its inputs."""

    __test__ = False  # not a test for pytest
    __tablename__ = "test_inputs"

    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    file_name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    storage_key: Mapped[str] = mapped_column(String(500))


class Tag(Base):
    """A word that models are found by."""

    __tablename__ = "tags"

    identifier: Mapped[str] = mapped_column(String(100), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    data_type: Mapped[str] = mapped_column(String(40))
    is_categorical: Mapped[bool]
    picture_id: Mapped[str | None] = mapped_column(String(32), index=True)
    """Of its image, when an administrator has uploaded one; addresses are made from it as from a picture's."""
    picture_extension: Mapped[str | None] = mapped_column(String(4))


class ModelTag(Base):
    """A tag on a model."""

    __tablename__ = "model_tags"
    __table_args__ = (Index(None, "tag", "model_id"),)

    model_id: Mapped[str] = mapped_column(ForeignKey("models.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(ForeignKey("tags.identifier"), primary_key=True)
    position: Mapped[int]


class ModelTerm(Base):
    """Something that a model has in common with those that are related to it; `terms.py` says what."""

    __tablename__ = "model_terms"
    __table_args__ = (Index(None, "term", "model_id"),)

    model_id: Mapped[str] = mapped_column(ForeignKey("models.id"), primary_key=True)
    term: Mapped[str] = mapped_column(String(120), primary_key=True)


class Picture(Base):
    """An uploaded picture in all sizes that are shown of it. `id` is random; what has it never changes."""

    __tablename__ = "pictures"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    model_id: Mapped[str | None] = mapped_column(ForeignKey("models.id"), index=True)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    """Set for a logo, which all models of the account show."""
    position: Mapped[int] = mapped_column(default=0)
    caption: Mapped[str | None] = mapped_column(String(500))
    """None: the name of what it shows."""
    alt: Mapped[str | None] = mapped_column(String(500))
    """None: as the caption."""
    relations: Mapped[list[str]]
    """The sizes that there are of it."""
    extension: Mapped[str] = mapped_column(String(4))
    """Of the format that it was uploaded in."""
    has_webp: Mapped[bool] = mapped_column(default=True)


class LooseFile(Base):
    """A stored file that is not part of anything yet, or not any more: what remains of it is removed."""

    __tablename__ = "loose_files"

    storage_key: Mapped[str] = mapped_column(String(500), primary_key=True)
    due: Mapped[datetime] = mapped_column(index=True)
    """From when on it may be removed."""
