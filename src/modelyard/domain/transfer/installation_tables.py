"""Which rows of an installation move, and how what was under way on the old machine is written down."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Table, true

import modelyard.domain.version_tests.tables  # noqa: F401 - so that all tables are known
from modelyard.core.database import Base
from modelyard.domain.accounts.tables import SignedInSession
from modelyard.domain.engines.tables import LIVE, Engine, LogPiece, LogRequest, Situation
from modelyard.domain.images.tables import ContainerImage
from modelyard.domain.jobs.status import ItemState
from modelyard.domain.jobs.tables import JobItem, JobLane
from modelyard.domain.models.search.tables import SearchRow, SearchSpelling
from modelyard.domain.models.tables import LooseFile
from modelyard.domain.monitoring.tables import AlertRecord, EngineUse, MachineUse
from modelyard.domain.work.tables import Process, Work, WorkState

Row = dict[str, Any]
LEFT_BEHIND = {
    SignedInSession.__tablename__: "who is signed in signs in again",
    Process.__tablename__: "processes are those of the old machine",
    LogRequest.__tablename__: "whoever asks what an engine of the old machine prints asks again",
    LogPiece.__tablename__: "whoever asks what an engine of the old machine prints asks again",
    Situation.__tablename__: "why jobs wait there says nothing of why they wait here",
    LooseFile.__tablename__: "files that are about to be removed stay where they are",
    MachineUse.__tablename__: "how busy the old machine was says nothing of the new one",
    EngineUse.__tablename__: "how busy the old machine was says nothing of the new one",
    AlertRecord.__tablename__: "what asks for attention is found out anew",
    SearchRow.__tablename__: "the words of models are collected anew",
    SearchSpelling.__tablename__: "the words of models are collected anew",
}
"""Tables that do not move, and what becomes of what they tell."""


def moved_tables() -> list[Table]:
    """Tables that move, those first that others refer to."""
    return [table for table in Base.metadata.sorted_tables if table.name not in LEFT_BEHIND]


def moved_rows(table: Table) -> ColumnElement[bool]:
    """Which rows of a table move: engines that may have a container have it on the old machine."""
    if table.name == Engine.__tablename__:
        return table.c.state.not_in(LIVE)
    return true()


def at_rest(table: Table, row: Mapping[str, Any]) -> Row:
    """The row as if nobody were working on it: nobody will be, where it is imported."""
    match table.name, row.get("state"):
        case Work.__tablename__, WorkState.RUNNING:
            return {**row, "state": WorkState.QUEUED, "owner": None, "heartbeat_at": None}
        case JobItem.__tablename__, ItemState.RUNNING:
            given_back = {"owner": None, "claim": None, "attempts": max(0, row["attempts"] - 1)}
            return {**row, "state": ItemState.QUEUED, **given_back}
        case JobLane.__tablename__, _:
            return {**row, "is_waiting": True}  # for items that were running; an empty one is soon seen to be empty
        case _:
            return dict(row)


def at_home(table: Table, row: Row, *, uploads: Path, renamed: Mapping[str, str]) -> Row:
    """The row with paths and names of the machine that it is imported on.

    Args:
        uploads: where uploaded image archives wait. They do not move, so that their import fails and says so.
        renamed: what the container runtime calls images here, by what they were called.
    """
    if table.name != ContainerImage.__tablename__:
        return row
    path, image_id = row["archive_path"], row["image_id"]
    if path is not None:
        name = Path(path).name
        path = str(uploads / (name if name.endswith(".tar") else "gone.tar"))
    return {**row, "archive_path": path, "image_id": renamed.get(image_id, image_id)}
