"""One-time links: an invitation, or the way to a new password. The database knows only their fingerprints."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.mail.base import Mailer
from modelyard.core.clock import Clock
from modelyard.core.errors import NotFound
from modelyard.core.sealing import Fingerprinter
from modelyard.domain.accounts.states import AccountStatus, UserStatus
from modelyard.domain.accounts.tables import Account, OneTimeLink, User
from modelyard.domain.work.queue import enqueue

SEND_LINK = "accounts:send-link"
MOST_ATTEMPTS = 1000
"""Delays grow to five minutes, and a link that is over is not sent any more: that ends it, not the number."""


class Purpose(StrEnum):
    """What a link is for."""

    INVITATION = "invitation"
    PASSWORD_RESET = "password-reset"  # noqa: S105 - a word, not a secret


PAGES = {Purpose.INVITATION: "/invitations", Purpose.PASSWORD_RESET: "/new-password"}
"""Where links lead, below the server's address."""
WANTED_STATUS = {Purpose.INVITATION: UserStatus.INVITED, Purpose.PASSWORD_RESET: UserStatus.ACTIVE}
"""Whom a link of each purpose is for."""


class LinkUnknown(NotFound):
    """The link never was one, was used, is over, or a newer one took its place."""

    def __init__(self) -> None:
        super().__init__("This link is not valid, or not any more; ask for a new one.")


@dataclass(frozen=True, slots=True)
class SentLink:
    """What became of a link that was asked for: a letter is on its way, or here is the address to hand on."""

    expires_at: datetime
    url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class FoundLink:
    """Whom a link is for, and until when."""

    user: User
    account: Account
    expires_at: datetime


class LinkSender:
    """Sends links by mail, as durable work; where there is no mail server, gives them to who asks.

    The work holds no token: whoever does it makes the link when the letter is written.
    """

    def __init__(
        self, clock: Clock, fingerprinter: Fingerprinter, mailer: Mailer, lifetimes: Mapping[Purpose, timedelta]
    ) -> None:
        self._clock = clock
        self._fingerprinter = fingerprinter
        self._mailer = mailer
        self._lifetimes = lifetimes

    async def send(self, session: AsyncSession, user: User, purpose: Purpose, server: str) -> SentLink:
        """A new link for a user; earlier ones of the same purpose are void from now on.

        Args:
            server: the address of this server, as people reach it.
        """
        await void_links(session, user.id, purpose)
        if self._mailer.is_configured:
            return SentLink(self._enqueue(session, purpose, server, user=user.id))
        expires_at = self._clock.now() + self._lifetimes[purpose]
        token = make_link(session, self._clock, self._fingerprinter, user.id, purpose, expires_at)
        return SentLink(expires_at, link_address(server, purpose, token))

    def send_reset_to(self, session: AsyncSession, email: str, server: str) -> None:
        """A way to a new password for whoever has this address, if anybody has. Takes as long in either case."""
        self._enqueue(session, Purpose.PASSWORD_RESET, server, email=email)

    def _enqueue(self, session: AsyncSession, purpose: Purpose, server: str, **whom: str) -> datetime:
        expires_at = self._clock.now() + self._lifetimes[purpose]
        payload = {"purpose": purpose, "server": server, "expires": expires_at.isoformat(), **whom}
        enqueue(session, self._clock, SEND_LINK, payload, max_attempts=MOST_ATTEMPTS)
        return expires_at


def make_link(
    session: AsyncSession,
    clock: Clock,
    fingerprinter: Fingerprinter,
    user_id: str,
    purpose: Purpose,
    expires_at: datetime,
) -> str:
    """Writes a link down; returns its token, which nobody can find out afterwards."""
    token = secrets.token_urlsafe(32)
    session.add(
        OneTimeLink(
            fingerprint=fingerprinter.of(token),
            purpose=purpose,
            user_id=user_id,
            created_at=clock.now(),
            expires_at=expires_at,
        )
    )
    return token


def link_address(server: str, purpose: Purpose, token: str) -> str:
    """What people open."""
    return f"{server.rstrip('/')}{PAGES[purpose]}/{token}"


async def void_links(session: AsyncSession, user_id: str, *purposes: Purpose) -> None:
    """Makes a user's links of these purposes worthless."""
    await session.execute(delete(OneTimeLink).where(OneTimeLink.user_id == user_id, OneTimeLink.purpose.in_(purposes)))


async def find_link(
    session: AsyncSession, clock: Clock, fingerprinter: Fingerprinter, token: str, purpose: Purpose
) -> FoundLink:
    """Whom a link is for that still can be used. Raises LinkUnknown."""
    query = (
        select(User, Account, OneTimeLink.expires_at)
        .join(OneTimeLink, OneTimeLink.user_id == User.id)
        .join(Account, Account.id == User.account_id)
        .where(
            OneTimeLink.fingerprint == fingerprinter.of(token),
            OneTimeLink.purpose == purpose,
            OneTimeLink.expires_at > clock.now(),
            User.status == WANTED_STATUS[purpose],
            Account.status == AccountStatus.ACTIVE,
        )
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise LinkUnknown
    return FoundLink(*row)


async def use_link(
    session: AsyncSession, clock: Clock, fingerprinter: Fingerprinter, token: str, purpose: Purpose
) -> FoundLink:
    """The same, and the link is used up: of several at once one alone gets it. Raises LinkUnknown."""
    found = await find_link(session, clock, fingerprinter, token, purpose)
    used = await session.execute(
        delete(OneTimeLink).where(OneTimeLink.fingerprint == fingerprinter.of(token)).returning(OneTimeLink.fingerprint)
    )
    if used.one_or_none() is None:
        raise LinkUnknown
    await void_links(session, found.user.id, purpose)
    return found
