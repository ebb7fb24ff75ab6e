"""Signatures of callbacks, as those who receive them check them."""

import base64
import hashlib
import hmac

import pytest

from modelyard.domain.jobs.callback_signing import CallbackSecretUnusable, key_of_secret, signed_headers
from tests.manual_clock import START


def test_a_known_signature() -> None:
    """The example of the Standard Webhooks specification's libraries, by hand."""
    key = key_of_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signed_headers("msg_1", START, b'{"a":1}', key)
    timestamp = str(int(START.timestamp()))
    wanted = hmac.new(
        base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), f'msg_1.{timestamp}.{{"a":1}}'.encode(), hashlib.sha256
    )
    assert headers == {
        "webhook-id": "msg_1",
        "webhook-timestamp": timestamp,
        "webhook-signature": "v1," + base64.b64encode(wanted.digest()).decode(),
    }


def test_without_a_key_there_is_no_signature() -> None:
    assert set(signed_headers("msg_1", START, b"{}", None)) == {"webhook-id", "webhook-timestamp"}


def test_secrets_of_plain_text() -> None:
    assert key_of_secret("sixteen letters!") == b"sixteen letters!"


@pytest.mark.parametrize("secret", ["", "short", "x" * 257, "whsec_", "whsec_AAAA", "whsec_not base64 at all!!"])
def test_secrets_that_are_none(secret: str) -> None:
    with pytest.raises(CallbackSecretUnusable):
        key_of_secret(secret)
