"""Passwords: argon2 hashes, what a password must be like, and checking one."""

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from modelyard.core.errors import InvalidInput

SHORTEST, LONGEST = 10, 200


class PasswordTooWeak(InvalidInput):
    """Nobody should use this password."""

    def __init__(self) -> None:
        super().__init__(
            f"A password needs {SHORTEST} to {LONGEST} characters, and must not be your e-mail address or one letter "
            "again and again; a few words in a row are good."
        )


def check_new_password(password: str, email: str) -> None:
    """Raises PasswordTooWeak."""
    is_bad = len(set(password)) < 4 or password.strip().lower() in {email.lower(), email.lower().partition("@")[0]}
    if is_bad or not SHORTEST <= len(password) <= LONGEST:
        raise PasswordTooWeak


def hash_password(password: str) -> str:
    """The hash to keep. Takes about 50 ms: a server asks its `PasswordHashing`."""
    return PasswordHasher().hash(password)


class PasswordHashing:
    """Hashes and checks passwords in threads, few at once: each takes about 50 ms and 64 MiB, on purpose.

    One for the whole server, or several kinds of requests could together take all of its memory.
    """

    def __init__(self, hasher: PasswordHasher | None = None, *, at_once: int = 2) -> None:
        self._hasher = hasher or PasswordHasher()
        self._places = asyncio.Semaphore(at_once)
        self._of_nobody: str | None = None

    async def hash(self, password: str) -> str:
        """The hash to keep."""
        async with self._places:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def is_right(self, password: str, password_hash: str | None) -> bool:
        """Whether the password is right. Takes as long for people who have none, or do not exist."""
        async with self._places:
            return await asyncio.to_thread(self._verify, password[: LONGEST + 1], password_hash)

    def needs_rehash(self, password_hash: str) -> bool:
        """Whether the hash was made with weaker parameters than those of today."""
        return self._hasher.check_needs_rehash(password_hash)

    def _verify(self, password: str, password_hash: str | None) -> bool:
        if self._of_nobody is None:
            self._of_nobody = self._hasher.hash(secrets.token_hex(16))
        try:
            return self._hasher.verify(password_hash or self._of_nobody, password)
        except (VerificationError, InvalidHashError):
            return False
