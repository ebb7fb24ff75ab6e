"""Which callbacks are sent next: users take turns, and none of them, nor any receiver, takes all places."""

import contextlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from modelyard.adapters.callbacks.address import read_callback_address
from modelyard.adapters.callbacks.base import CallbackAddressUnusable
from modelyard.domain.jobs.callback_retry import CallbackState
from modelyard.domain.jobs.tables import Job, JobCallback

AT_ONCE = 32
AT_ONCE_EACH = 4
"""For one user, and to one host: a receiver that never answers keeps a place for ten seconds."""
_BEGINNING = re.compile(r"[^/]*//[^/?#]*[/?#]")
"""Scheme and host of an address as they were written: in the database, those of one host are found by them."""


@dataclass(frozen=True, slots=True)
class DueCallback:
    """A callback that is being sent, or may be sent now."""

    job_id: str
    user_id: str
    url: str

    @property
    def host(self) -> str:
        """Of the receiver."""
        with contextlib.suppress(CallbackAddressUnusable):  # it was usable once
            return read_callback_address(self.url).host or ""
        return ""


def choose_next(due: Iterable[DueCallback], sending: Collection[DueCallback]) -> list[DueCallback]:
    """Which of these, in their order, get one of the places that are free."""
    users = Counter(each.user_id for each in sending)
    hosts = Counter(each.host for each in sending)
    chosen: list[DueCallback] = []
    for each in due:
        if len(sending) + len(chosen) >= AT_ONCE:
            break
        if max(users[each.user_id], hosts[each.host]) < AT_ONCE_EACH:
            chosen.append(each)
            users[each.user_id] += 1
            hosts[each.host] += 1
    return chosen


def due_in_turn(now: datetime, sending: Collection[DueCallback]) -> Select[Any]:
    """What is due, of each user the oldest first, then of each the next; without what could get no place anyway."""
    turn = func.row_number().over(partition_by=Job.user_id, order_by=(JobCallback.next_at, Job.id)).label("turn")
    due = (
        select(Job.id, Job.user_id, JobCallback.url, JobCallback.next_at, turn)
        .join(JobCallback, JobCallback.job_id == Job.id)
        .where(JobCallback.state == CallbackState.DUE, JobCallback.next_at <= now, *_have_places(sending))
        .subquery()
    )
    columns = (due.c.id, due.c.user_id, due.c.url)
    return select(*columns).where(due.c.turn <= AT_ONCE).order_by(due.c.turn, due.c.next_at).limit(10 * AT_ONCE)


def _have_places(sending: Collection[DueCallback]) -> Sequence[ColumnElement[bool]]:
    users = Counter(each.user_id for each in sending)
    hosts = Counter(each.host for each in sending)
    full = [user for user, number in users.items() if number >= AT_ONCE_EACH]
    found = (_BEGINNING.match(each.url) for each in sending if hosts[each.host] >= AT_ONCE_EACH)
    beginnings = sorted({match[0] for match in found if match})
    return [Job.user_id.not_in(full), *(~JobCallback.url.startswith(each, autoescape=True) for each in beginnings)]
