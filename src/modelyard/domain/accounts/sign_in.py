"""Signing in with a password, and changing it."""

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import InvalidInput, NotAllowed, NotAuthenticated
from modelyard.core.sealing import Fingerprinter
from modelyard.domain.accounts import passwords
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.naming import check_email, email_key
from modelyard.domain.accounts.one_time_links import Purpose, void_links
from modelyard.domain.accounts.sessions import NewSession, Visitor, end_all_sessions, open_session
from modelyard.domain.accounts.states import AccountStatus, UserStatus
from modelyard.domain.accounts.tables import Account, User
from modelyard.domain.accounts.throttle import Throttle
from modelyard.domain.audit.record import UNKNOWN, Outsider, clean, record


class SignInFailed(NotAuthenticated):
    """The e-mail address or the password is wrong, or the person is not active; which of it is not told."""

    def __init__(self) -> None:
        super().__init__("E-mail address or password is wrong, or you are not active; an administrator can tell.")


class PasswordWrong(NotAllowed):
    """The password that was to prove who asks is wrong."""

    def __init__(self) -> None:
        super().__init__("Your present password is wrong.")


class SignIn:
    """Lets people in who know their password."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        fingerprinter: Fingerprinter,
        throttle: Throttle,
        hashing: passwords.PasswordHashing,
        *,
        lifetime: timedelta,
    ) -> None:
        self._database = database
        self._clock = clock
        self._fingerprinter = fingerprinter
        self._throttle = throttle
        self._lifetime = lifetime
        self._hashing = hashing

    async def with_password(self, email: str, password: str, team_id: str | None, visitor: Visitor) -> NewSession:
        """A new session. Raises SignInFailed, TooManyFailures, NotInTeam, TeamMissing."""
        with self._throttle.attempt(visitor.address, email_key(email)):
            proof = await self._prove(email, password)
            if proof is None:
                await self._note_refusal(email)
                raise SignInFailed
        return await self._open(proof.user_id, team_id, visitor, proof)

    async def without_password(self, user_id: str, team_id: str | None, visitor: Visitor) -> NewSession:
        """A new session of somebody who has proved in another way who they are.

        Raises SignInFailed, NotInTeam, TeamMissing.
        """
        return await self._open(user_id, team_id, visitor, None)

    async def _open(self, user_id: str, team_id: str | None, visitor: Visitor, proof: "_Proof | None") -> NewSession:
        """Asks once more whether they are let in: checking a password takes a while, in which it may have changed."""
        async with self._database.write() as session:
            user = await session.get_one(User, user_id, with_for_update=True)
            account = await session.get_one(Account, user.account_id)
            is_let_in = (user.status, account.status) == (UserStatus.ACTIVE, AccountStatus.ACTIVE)
            if not is_let_in or (proof and user.password_hash != proof.password_hash):
                raise SignInFailed
            new = await open_session(
                session, self._clock, self._fingerprinter, user, visitor, team_id=team_id, lifetime=self._lifetime
            )
            subject = Outsider(user.email, user.account_id, user.id)
            details = {"method": visitor.method, "team": new.row.team_id}
            record(session, self._clock, subject, "session:opened", f"session/{new.row.id}", **details)
        return new

    async def change_password(self, actor: Actor, old: str, new: str, visitor: Visitor) -> None:
        """Ends all other sessions of the person, and open links to a new password.

        Raises PasswordWrong, PasswordTooWeak, TooManyFailures.
        """
        passwords.check_new_password(new, actor.email)
        try:
            with self._throttle.attempt(visitor.address, actor.email):
                proof = await self._prove(actor.email, old)
                if proof is None or proof.user_id != actor.user_id:
                    raise SignInFailed
        except SignInFailed:
            raise PasswordWrong from None
        password_hash = await self._hashing.hash(new)
        async with self._database.write() as session:
            user = await session.get_one(User, actor.user_id, with_for_update=True)
            if user.password_hash != proof.password_hash:
                raise PasswordWrong
            user.password_hash, user.updated_at = password_hash, self._clock.now()
            await void_links(session, user.id, *Purpose)
            ended = await end_all_sessions(session, user.id, except_for=actor.session_id)
            record(session, self._clock, actor, "user:password:changed", f"user/{user.id}", sessions_ended=ended)

    async def _prove(self, email: str, password: str) -> "_Proof | None":
        """Whose password it is; takes as long for people who do not exist."""
        query = (
            select(User)
            .join(Account, Account.id == User.account_id)
            .where(
                User.email == email_key(email)[:320],
                User.status == UserStatus.ACTIVE,
                Account.status == AccountStatus.ACTIVE,
            )
        )
        async with self._database.read() as session:
            user = (await session.scalars(query)).one_or_none()
        known = user.password_hash if user else None
        is_right = await self._hashing.is_right(password, known)
        if user is None or known is None or not is_right:
            return None
        proof = _Proof(user.id, known)
        return await self._hash_again(proof, password) if self._hashing.needs_rehash(known) else proof

    async def _hash_again(self, proof: "_Proof", password: str) -> "_Proof":
        password_hash = await self._hashing.hash(password)
        async with self._database.write() as session:
            user = await session.get_one(User, proof.user_id, with_for_update=True)
            if user.password_hash != proof.password_hash:  # somebody has chosen another one meanwhile
                return proof
            user.password_hash = password_hash
        return _Proof(proof.user_id, password_hash)

    async def _note_refusal(self, email: str) -> None:
        async with self._database.write() as session:
            whose = (User.email == email_key(email)[:320], User.status != UserStatus.DELETED)
            user = (await session.scalars(select(User).where(*whose))).one_or_none()
            if user:
                subject = Outsider(user.email, user.account_id, user.id)
                record(session, self._clock, subject, "session:refused", f"user/{user.id}")
            else:
                subject, claimed = _read_claim(email)
                record(session, self._clock, subject, "session:refused", f"user/{UNKNOWN}", **claimed)


def _read_claim(email: str) -> tuple[Outsider, dict[str, str]]:
    """Whom a stranger names: nobody who is written like the platform itself, nor like anything but an address."""
    try:
        return Outsider(check_email(email)), {}
    except InvalidInput:
        return Outsider(UNKNOWN), {"claimed": clean(email.strip(), 320)}


@dataclass(frozen=True, slots=True)
class _Proof:
    """Who has given the right password, and its hash, which may be another one a moment later."""

    user_id: str
    password_hash: str = field(repr=False)
