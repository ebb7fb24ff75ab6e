"""Secrets at rest: encryption of other people's credentials and keyed fingerprints of our own keys."""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from modelyard.core.errors import Unavailable


class SecretKeyWrong(Unavailable):
    """What was sealed with another key cannot be opened with this one."""


class Sealer:
    """Seals texts and fingerprints keys with keys derived from one secret."""

    def __init__(self, secret: bytes) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(_derive(secret, b"modelyard seal")))
        self._fingerprint_key = _derive(secret, b"modelyard api keys")

    def seal(self, text: str) -> str:
        """Encrypts and authenticates a text."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Gives the text back. Raises SecretKeyWrong."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SecretKeyWrong(
                "A stored credential was sealed with another secret key; restore the key, or enter it again."
            ) from None

    def fingerprint(self, text: str) -> str:
        """A keyed SHA-256 of a random key, as hex. Fit for random keys only, never for passwords."""
        return hmac.new(self._fingerprint_key, text.encode(), hashlib.sha256).hexdigest()


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return hmac.new(secret, purpose, hashlib.sha256).digest()


def read_or_create_secret(path: Path) -> bytes:
    """The secret of an installation, made with private rights at first use."""
    if not path.exists():
        temporary = path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_urlsafe(32).encode())
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    return path.read_bytes().strip()
