"""What people do with a one-time link: accept an invitation, set a new password."""

from dataclasses import dataclass, field

from modelyard.core.clock import Clock
from modelyard.core.database import Database, ring_after_commit
from modelyard.core.sealing import Fingerprinter
from modelyard.domain.accounts import passwords
from modelyard.domain.accounts.api_keys import TOPIC
from modelyard.domain.accounts.naming import check_name
from modelyard.domain.accounts.one_time_links import FoundLink, LinkSender, LinkUnknown, Purpose, find_link, use_link
from modelyard.domain.accounts.sessions import end_all_sessions
from modelyard.domain.accounts.states import UserStatus
from modelyard.domain.accounts.tables import User
from modelyard.domain.accounts.throttle import Throttle
from modelyard.domain.audit.record import Outsider, record

LONGEST_NAME = 100
MOST_LETTERS = 5
"""To one address within five minutes."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What somebody says who accepts an invitation; without names those that they were invited with."""

    password: str = field(repr=False)
    first_name: str | None = None
    last_name: str | None = None


class PasswordLinks:
    """Opens one-time links. Who tries unknown ones is slowed down, as at signing in."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        fingerprinter: Fingerprinter,
        throttle: Throttle,
        hashing: passwords.PasswordHashing,
    ) -> None:
        self._database = database
        self._clock = clock
        self._fingerprinter = fingerprinter
        self._throttle = throttle
        self._hashing = hashing
        self._letters = Throttle(per_address=MOST_LETTERS, per_account=MOST_LETTERS)

    async def look(self, token: str, purpose: Purpose, address: str) -> FoundLink:
        """Whom a link is for; it stays good. Raises LinkUnknown, TooManyFailures."""
        try:
            async with self._database.read() as session:
                return await find_link(session, self._clock, self._fingerprinter, token, purpose)
        except LinkUnknown:  # a good link is never held up by what others of the same address try
            self._throttle.check_address(address)
            self._throttle.failed(address, token)
            raise

    async def ask_for_reset(self, links: LinkSender, email: str, address: str, server: str) -> None:
        """Sends whoever has this e-mail address a way to a new password, if anybody has.

        Each letter counts, or strangers could fill somebody's mailbox; who has got enough of them gets no more for a
        while, and nobody is told, or strangers could find out. Raises TooManyFailures for the address that asks.

        Args:
            server: the address of this server, as people reach it.
        """
        self._throttle.check_address(address)
        self._throttle.failed(address, f"{Purpose.PASSWORD_RESET} {email}")
        if not self._letters.has_too_many(email):
            self._letters.failed(address, email)
            async with self._database.write() as session:
                links.send_reset_to(session, email, server)

    async def accept_invitation(self, token: str, acceptance: Acceptance, address: str) -> User:
        """Makes an invited user active, with a password of their own.

        Raises LinkUnknown, TooManyFailures, PasswordTooWeak, NameRejected.
        """
        names = {
            column: check_name(name, field_name, LONGEST_NAME)
            for column, field_name, name in (
                ("first_name", "firstName", acceptance.first_name),
                ("last_name", "lastName", acceptance.last_name),
            )
            if name is not None
        }
        password_hash = await self._hash(token, Purpose.INVITATION, acceptance.password, address)
        async with self._database.write() as session:
            found = await use_link(session, self._clock, self._fingerprinter, token, Purpose.INVITATION)
            user = found.user
            before = {"status": user.status, "firstName": user.first_name, "lastName": user.last_name}
            for column, name in names.items():
                setattr(user, column, name)
            user.password_hash, user.status, user.updated_at = password_hash, UserStatus.ACTIVE, self._clock.now()
            after = {"status": user.status, "firstName": user.first_name, "lastName": user.last_name}
            subject = Outsider(user.email, user.account_id, user.id)
            record(session, self._clock, subject, "user:accepted", f"user/{user.id}", before=before, after=after)
            ring_after_commit(session, TOPIC)
        return user

    async def reset_password(self, token: str, password: str, address: str) -> User:
        """Sets a new password and ends all sessions of the user.

        Raises LinkUnknown, TooManyFailures, PasswordTooWeak.
        """
        password_hash = await self._hash(token, Purpose.PASSWORD_RESET, password, address)
        async with self._database.write() as session:
            found = await use_link(session, self._clock, self._fingerprinter, token, Purpose.PASSWORD_RESET)
            user = found.user
            user.password_hash, user.updated_at = password_hash, self._clock.now()
            ended = await end_all_sessions(session, user.id)
            subject = Outsider(user.email, user.account_id, user.id)
            record(session, self._clock, subject, "user:password:reset", f"user/{user.id}", sessions_ended=ended)
        self._throttle.succeeded(user.email)
        return user

    async def _hash(self, token: str, purpose: Purpose, password: str, address: str) -> str:
        """Before the transaction, because it takes long; and only for who has a good link, because it costs."""
        found = await self.look(token, purpose, address)
        passwords.check_new_password(password, found.user.email)
        return await self._hashing.hash(password)
