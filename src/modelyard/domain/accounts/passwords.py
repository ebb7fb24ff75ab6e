"""Passwords: argon2 hashes, what a password must be like, and checking one."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from modelyard.core.errors import InvalidInput

SHORTEST, LONGEST = 10, 200
_HASHER = PasswordHasher()
_OF_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$bW9kZWx5YXJkbm9ib2R5$HBzwRLqe5dM2fBtVTF6VhhBGpvI7X7MqkA2bVtzz8mE"
"""Is checked for people who do not exist, so that they take as long as the others."""


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
    """Takes about 50 ms, on purpose: call it in a thread."""
    return _HASHER.hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """Whether the password is right; takes as long when there is none. Takes about 50 ms: call it in a thread."""
    try:
        return _HASHER.verify(password_hash or _OF_NOBODY, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than those of today."""
    return _HASHER.check_needs_rehash(password_hash)
