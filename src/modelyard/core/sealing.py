"""Secrets at rest: encryption of other people's credentials and keyed fingerprints of our own keys."""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from modelyard.core.errors import Unavailable


class SecretKeyWrong(Unavailable):
    """What was sealed with another key cannot be opened with this one."""

    def __init__(self) -> None:
        super().__init__(
            "A stored credential was sealed with another secret key; restore the key, or enter the credential again."
        )


class Sealer:
    """Seals texts with a key derived from a secret; what earlier secrets have sealed can still be opened."""

    def __init__(self, secret: bytes, *previous: bytes) -> None:
        self._secret = secret
        keys = [base64.urlsafe_b64encode(_derive(each, b"modelyard seal")) for each in (secret, *previous)]
        self._fernets = MultiFernet([Fernet(key) for key in keys])

    def seal(self, text: str) -> str:
        """Encrypts and authenticates a text."""
        return self._fernets.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Gives the text back. Raises SecretKeyWrong."""
        try:
            return self._fernets.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SecretKeyWrong from None

    def derive(self, purpose: bytes) -> bytes:
        """32 bytes that depend on the newest secret and a purpose."""
        return _derive(self._secret, purpose)

    def seal_again(self, sealed: str) -> str:
        """The same text under the newest secret. Raises SecretKeyWrong."""
        try:
            return self._fernets.rotate(sealed.encode()).decode()
        except InvalidToken:
            raise SecretKeyWrong from None


class Fingerprinter:
    """Fingerprints random keys and tokens, so that the database holds nothing that anybody could send."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, text: str) -> str:
        """A keyed SHA-256, as hex. Fit for random texts only, never for passwords."""
        return hmac.new(self._key, text.encode(errors="replace"), hashlib.sha256).hexdigest()

    def matches(self, text: str, fingerprint: str | None) -> bool:
        """Whether a text has this fingerprint; takes as long when there is none."""
        return hmac.compare_digest(self.of(text), fingerprint or "0" * 64)


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
        keep_directory(path.parent)
    return path.read_bytes().strip()


def keep_directory(directory: Path) -> None:
    """Makes the names in a directory survive a power cut: what is sealed with a key must not outlive the key."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
