"""Sizes as descriptions of models spell them."""

import pytest

from modelyard.adapters.container_protocols.sizes import parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1M", 1_048_576),
        ("512k", 524_288),
        ("1.5G", 1_610_612_736),
        ("1Mi", 1_048_576),
        (" 10 MB ", 10_485_760),
        ("300", 300),
        ("0", 0),
        ("", None),
        ("large", None),
        ("-1M", None),
        ("1e400", None),
        ("9" * 400, None),
    ],
)
def test_parse_size(text: str, size: int | None) -> None:
    assert parse_size(text) == size
