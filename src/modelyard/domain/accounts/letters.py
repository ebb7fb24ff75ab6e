"""The task that writes people letters with their one-time links."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from modelyard.adapters.mail.base import Mail, Mailer
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.core.logs import log
from modelyard.core.sealing import Fingerprinter
from modelyard.domain.accounts.one_time_links import WANTED_STATUS, Purpose, link_address, make_link, void_links
from modelyard.domain.accounts.states import AccountStatus
from modelyard.domain.accounts.tables import Account, User
from modelyard.domain.audit.record import PLATFORM, record
from modelyard.domain.work.queue import ClaimedWork

_INVITATION = """Hello {name},

you are invited to the account "{account}" on modelyard. Open this address to choose a password:

{url}

It can be used once, until {expires}. If you did not expect this letter, you need not do anything.
"""
_RESET = """Hello {name},

somebody, probably you, asked for a new password of {email} on modelyard. Open this address to choose one:

{url}

It can be used once, until {expires}. If it was not you, you need not do anything: your password stays as it is.
"""
_LETTERS = {
    Purpose.INVITATION: ("Your invitation to modelyard", _INVITATION),
    Purpose.PASSWORD_RESET: ("Your new password for modelyard", _RESET),
}


class SendLink:
    """Makes a link and mails it. When it runs twice, the link of the last letter is the one that is good."""

    def __init__(self, database: Database, clock: Clock, fingerprinter: Fingerprinter, mailer: Mailer) -> None:
        self._database = database
        self._clock = clock
        self._fingerprinter = fingerprinter
        self._mailer = mailer

    async def run(self, work: ClaimedWork) -> None:
        """Does nothing for who is not there, or for whom such a link makes no sense (any more)."""
        letter = await self._write_letter(work.payload)
        if letter:
            await self._mailer.send(letter)

    async def give_up(self, work: ClaimedWork, error: PlatformError) -> None:
        """The administrator who looks for the reason finds it in the audit trail."""
        purpose, user_id = work.payload["purpose"], work.payload.get("user")
        log.error("a letter could not be sent", purpose=purpose, user=user_id, reason=error.message)
        if user_id:
            async with self._database.write() as session:
                why = {"purpose": purpose, "reason": error.message[:500]}
                record(session, self._clock, PLATFORM, "user:mail-failed", f"user/{user_id}", **why)

    async def _write_letter(self, payload: dict[str, Any]) -> Mail | None:
        purpose, expires_at = Purpose(payload["purpose"]), datetime.fromisoformat(payload["expires"])
        if expires_at <= self._clock.now() or not self._mailer.is_configured:
            return None
        whom = User.id == payload["user"] if "user" in payload else User.email == payload["email"]
        query = (
            select(User, Account.name)
            .join(Account, Account.id == User.account_id)
            .where(whom, User.status == WANTED_STATUS[purpose], Account.status == AccountStatus.ACTIVE)
        )
        async with self._database.write() as session:
            row = (await session.execute(query)).one_or_none()
            if row is None or not has_password(row[0]):
                return None
            user, account = row
            await void_links(session, user.id, purpose)
            token = make_link(session, self._clock, self._fingerprinter, user.id, purpose, expires_at)
        subject, text = _LETTERS[purpose]
        facts = {"name": user.first_name, "account": account, "email": user.email}
        url = link_address(payload["server"], purpose, token)
        return Mail(user.email, subject, text.format(**facts, url=url, expires=f"{expires_at:%Y-%m-%d %H:%M} UTC"))


def has_password(user: User) -> bool:
    """Whether a user signs in, or will, with a password of ours; others do at their OpenID provider alone."""
    return user.oidc_subject is None or user.password_hash is not None
