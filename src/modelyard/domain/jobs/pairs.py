"""Who has jobs of which version: there can be many jobs of a person, and many of a version, but none of both."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, literal, select, true, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.accounts.tables import User
from modelyard.domain.jobs.tables import Job

MOST_PAIRS = 400
"""So many are looked up; of more, some will have jobs together."""


async def find_pairs(
    session: AsyncSession, users: Select[Any], versions: Select[Any]
) -> Sequence[tuple[str, int]] | None:
    """Those of the users and versions that have jobs together, each found by one step into an index.

    None where there are too many to look.

    Args:
        users: selects their identifiers.
        versions: selects their numbers.
    """
    people = (await session.scalars(users.limit(MOST_PAIRS + 1))).all()
    numbers = (await session.scalars(versions.limit(MOST_PAIRS + 1))).all()
    if len(people) * len(numbers) > MOST_PAIRS:
        return None
    if not people or not numbers:
        return []
    what = union_all(*(select(literal(number).label("number")) for number in numbers)).subquery()
    has_jobs = select(Job.id).where(Job.user_id == User.id, Job.version_id == what.c.number).exists()
    each = select(User.id, what.c.number).join(what, true())  # every one with every other
    found = await session.execute(each.where(User.id.in_(people), has_jobs))
    return [(user, number) for user, number in found]
