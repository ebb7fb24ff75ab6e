"""Which addresses callbacks can have."""

import pytest

from modelyard.adapters.callbacks.address import read_callback_address
from modelyard.adapters.callbacks.base import CallbackAddressUnusable


@pytest.mark.parametrize(
    "text", ["https://example.org/ended?key=1#top", "http://[::1]:8080", "https://bücher.example/"]
)
def test_usable(text: str) -> None:
    assert read_callback_address(text).fragment == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ended",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https:///ended",
        "https://me:secret@example.org/",
        "https://example.org:99999/",
        "https://example.org/\r\nHost: other",
        "https://example.org/a b",
        "https://example.org/" + "a" * 2000,
    ],
)
def test_unusable(text: str) -> None:
    with pytest.raises(CallbackAddressUnusable, match="callback: the url"):
        read_callback_address(text)
