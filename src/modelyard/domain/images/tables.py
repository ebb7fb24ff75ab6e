"""The table of container images that we hold or are about to."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from modelyard.core.database import Base


class ImportState(StrEnum):
    """How far the import of an image is."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class ContainerImage(Base):
    """One import of one container image, from a registry or from an uploaded archive."""

    __tablename__ = "container_images"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    step: Mapped[str] = mapped_column(String(200))
    percentage: Mapped[int]
    reference: Mapped[str] = mapped_column(String(1000))
    """The pull string; of an upload the archive's file name."""
    registry_host: Mapped[str | None] = mapped_column(String(300))
    repository: Mapped[str | None] = mapped_column(String(500))
    username: Mapped[str | None] = mapped_column(String(300))
    sealed_password: Mapped[str | None] = mapped_column(Text)
    """Dropped when the import ends."""
    archive_path: Mapped[str | None] = mapped_column(String(1000))
    """Where an upload waits; the file is deleted when the import ends."""
    image_id: Mapped[str | None] = mapped_column(String(200))
    digest: Mapped[str | None] = mapped_column(String(200))
    size: Mapped[int | None] = mapped_column(BigInteger)
    architecture: Mapped[str | None] = mapped_column(String(40))
    labels: Mapped[dict[str, Any] | None]
    entrypoint: Mapped[list[str] | None]
    command: Mapped[list[str] | None]
    ports: Mapped[list[str] | None]
    environment: Mapped[list[str] | None]
    container_user: Mapped[str | None] = mapped_column(String(200))
    error: Mapped[str | None] = mapped_column(Text)
    technical_information: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
