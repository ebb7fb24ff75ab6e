"""Signs callbacks as Standard Webhooks does, so that receivers can tell them from what others send."""

import base64
import hashlib
import hmac
from datetime import datetime

from modelyard.core.errors import InvalidInput

PREFIX = "whsec_"
FEWEST_BYTES, MOST_BYTES = 16, 256


class CallbackSecretUnusable(InvalidInput):
    """The secret of a callback is no key."""

    def __init__(self) -> None:
        super().__init__(
            f"callback: the secret must be {FEWEST_BYTES} to {MOST_BYTES} bytes of text, or {PREFIX!r} and "
            "as many bytes in base64."
        )


def key_of_secret(secret: str) -> bytes:
    """The bytes that sign. Raises CallbackSecretUnusable."""
    try:
        encoded = secret.removeprefix(PREFIX)
        key = base64.b64decode(encoded, validate=True) if secret.startswith(PREFIX) else secret.encode()
    except ValueError:
        raise CallbackSecretUnusable from None
    if not FEWEST_BYTES <= len(key) <= MOST_BYTES:
        raise CallbackSecretUnusable
    return key


def signed_headers(delivery: str, sent_at: datetime, body: bytes, key: bytes | None) -> dict[str, str]:
    """The headers of one attempt: all attempts have the same delivery, each its own time. No key, no signature."""
    timestamp = str(int(sent_at.timestamp()))
    headers = {"webhook-id": delivery, "webhook-timestamp": timestamp}
    if key is None:
        return headers
    signed = b".".join((delivery.encode(), timestamp.encode(), body))
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {**headers, "webhook-signature": f"v1,{signature}"}
