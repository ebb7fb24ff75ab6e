"""Keys stay inside the store, and names of users cannot break out or collide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.adapters.storage.keys import require_key, safe_segment

_ANY_TEXT = st.text(st.characters())


@pytest.mark.parametrize("key", ["a", "inputs/job-1/item/input.json", "_/x.tar.gz"])
def test_plain_keys_are_kept(key: str) -> None:
    assert require_key(key) == key


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "/etc/passwd",
        "a/",
        "a//b",
        "..",
        "a/../b",
        ".",
        "a/.",
        ".hidden",
        "a b",
        "a\n",
        "é",
        "a#1",
        "a%2e",
        "~",
        "x" * 201,
        "/".join(["abc"] * 300),
        "a\\b",
        "\0",
        "a:b",
    ],
)
def test_other_keys_are_refused(key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        require_key(key)


@pytest.mark.parametrize("name", ["input", "results.json", "A-1", "x" * 100])
def test_plain_names_stay_readable(name: str) -> None:
    assert safe_segment(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "größe.png", "_abc", "x" * 101, "a\n", "\ud800"])
def test_other_names_are_hashed(name: str) -> None:
    assert safe_segment(name) != name
    assert require_key(f"inputs/{safe_segment(name)}")


@given(_ANY_TEXT)
def test_every_name_makes_a_key(name: str) -> None:
    assert require_key(safe_segment(name))


@given(_ANY_TEXT, _ANY_TEXT)
def test_different_names_make_different_keys(one: str, other: str) -> None:
    assert (safe_segment(one) == safe_segment(other)) == (one == other)
    assert safe_segment(safe_segment("ä")) != safe_segment("ä")
