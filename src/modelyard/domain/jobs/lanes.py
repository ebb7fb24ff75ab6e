"""Lanes: whose items come next. Teams take turns, and within a team its users; high priority goes first.

A lane that has waited for so many turns goes before all others, whatever their priority: nobody starves.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.upserts import insert_into
from modelyard.domain.jobs.status import ItemState
from modelyard.domain.jobs.tables import JobItem, JobLane

TOPIC = "items"
"""Rings when items wait."""
MOST_TURNS_PASSED_OVER = 10


@dataclass(frozen=True, slots=True)
class WaitingLane:
    """A lane that may have queued items, as it was read."""

    id: int
    priority: int
    team_id: str
    last_turn: int
    revision: int


# Statements of every submission and every claim are made once: to put one together takes longer than to execute it.
_WAITING = select(JobLane.id, JobLane.priority, JobLane.team_id, JobLane.last_turn, JobLane.revision).where(
    JobLane.is_waiting, JobLane.version_id == bindparam("version")
)
_MOVE_BEHIND = (
    update(JobLane)
    .where(JobLane.id.in_(bindparam("lanes", expanding=True)))
    .values(
        last_turn=select(func.max(JobLane.last_turn) + 1)
        .where(JobLane.version_id == bindparam("version"))
        .scalar_subquery()
    )
)


async def join_lane(session: AsyncSession, *, version_id: int, priority: int, team_id: str, user_id: str) -> int:
    """The lane for items that this transaction is about to queue; returns its number."""
    of_version = select(func.coalesce(func.max(JobLane.last_turn), 0)).where(JobLane.version_id == version_id)
    joined = (
        insert_into(session, JobLane)
        .values(
            version_id=version_id,
            priority=priority,
            team_id=team_id,
            user_id=user_id,
            is_waiting=True,
            last_turn=of_version.scalar_subquery(),  # whoever comes new has not waited at all
            revision=0,
        )
        .on_conflict_do_update(
            index_elements=["version_id", "priority", "team_id", "user_id"],
            set_={"is_waiting": True, "revision": JobLane.revision + 1},
        )
    )
    return (await session.execute(joined.returning(JobLane.id))).scalar_one()


async def wake_lanes(session: AsyncSession, lane_ids: Iterable[int | None]) -> None:
    """Says that items of these lanes were queued again."""
    known = {lane for lane in lane_ids if lane is not None}
    if known:
        await session.execute(
            update(JobLane).where(JobLane.id.in_(known)).values(is_waiting=True, revision=JobLane.revision + 1)
        )


async def waiting_lanes(session: AsyncSession, version_id: int) -> list[WaitingLane]:
    """The lanes of a version that may have queued items."""
    rows = await (await session.connection()).execute(_WAITING, {"version": version_id})
    return [WaitingLane(*row) for row in rows]


async def note_turns(
    session: AsyncSession, version_id: int, served: Sequence[int], empty: Sequence[WaitingLane]
) -> None:
    """Moves lanes that were served behind all others of the version; those found empty wait for nothing any more."""
    if served:
        await (await session.connection()).execute(_MOVE_BEHIND, {"lanes": served, "version": version_id})
    for lane in empty:
        has_items = exists().where(JobItem.lane_id == lane.id, JobItem.state == ItemState.QUEUED)
        is_as_read = (JobLane.id == lane.id, JobLane.revision == lane.revision, ~has_items)
        await session.execute(update(JobLane).where(*is_as_read).values(is_waiting=False))


def lanes_in_turn(lanes: Sequence[WaitingLane]) -> list[WaitingLane]:
    """Lanes in the order in which they may take items."""
    newest = max((lane.last_turn for lane in lanes), default=0)
    teams: dict[str, int] = defaultdict(int)
    for lane in lanes:
        teams[lane.team_id] = max(teams[lane.team_id], lane.last_turn)

    def standing(lane: WaitingLane) -> tuple[bool, int, int, int, int]:
        has_waited_enough = newest - lane.last_turn > MOST_TURNS_PASSED_OVER
        return not has_waited_enough, lane.priority, teams[lane.team_id], lane.last_turn, lane.id

    return sorted(lanes, key=standing)


def share_out(lanes: Sequence[WaitingLane], most: int) -> list[tuple[WaitingLane, int]]:
    """How many items each lane may take of a claim: teams get alike, and within a team its users.

    Only lanes of the first one's priority share; the others follow with what is left over, in their order.
    """
    first = [lane for lane in lanes if lane.priority == lanes[0].priority]
    users: dict[str, int] = defaultdict(int)
    for lane in first:
        users[lane.team_id] += 1
    of_team = most / max(1, len(users))
    shares = [(lane, max(1, int(of_team / users[lane.team_id]))) for lane in first]
    return [*shares, *((lane, most) for lane in lanes if lane.priority != lanes[0].priority)]
