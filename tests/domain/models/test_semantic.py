"""Versions of the form x.y.z."""

import pytest

from modelyard.domain.models.semantic import VersionMalformed, check_version, next_version, order_key


@pytest.mark.parametrize("text", ["0.0.0", "0.1.0", "1.10.100", "999999999.0.0"])
def test_good(text: str) -> None:
    assert check_version(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "9999999999.0.0",
        "1." * 100_000,
        "",
        "1",
        "1.0",
        "1.0.0.0",
        "v1.0.0",
        "1.0.0-beta",
        "01.0.0",
        "1.00.0",
        "1..0",
        "-1.0.0",
        "1.0.x",
        "1.0.0 ",
        " 1.0.0",
        "1.0.0\n",
        "1.0.0\x00",
        "١.0.0",
        "1e3.0.0",
    ],
)
def test_bad(text: str) -> None:
    with pytest.raises(VersionMalformed, match=r"x\.y\.z"):
        check_version(text)


def test_order_is_by_number() -> None:
    assert sorted(["1.10.0", "1.9.0", "0.20.0", "1.9.1"], key=order_key) == ["0.20.0", "1.9.0", "1.9.1", "1.10.0"]


def test_the_next_one_is_higher_than_all() -> None:
    assert next_version(["0.9.4", "0.10.0", "0.2.0"]) == "0.11.0"
    assert next_version([]) == "0.1.0"
