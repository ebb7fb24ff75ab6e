"""Names: what is readable is taken as people write it, everything else is refused with the field's name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.core.errors import InvalidInput
from modelyard.domain.accounts.naming import NameRejected, check_email, check_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ada", "Ada"),
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("O'Neil-Śmith", "O'Neil-Śmith"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("محمد", "محمد"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("李\u3000小龍", "李 小龍"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("A\u030a", "Å"),
        ("x" * 10, "x" * 10),
    ],
)
def test_readable_names(text: str, name: str) -> None:
    assert check_name(text, "name", len(name)) == name


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "\u3000", "\u200d", "a\x00", "a\nb", "a\tb", "\x1b[31m", "\u202ea", "\u2066a", "\u2028"),
        *("\ufeff", "\x85", "\ud800", "\ue000", "\U0010ffff", "x" * 11),
    ],
)
def test_unreadable_names(text: str) -> None:
    with pytest.raises(NameRejected, match="firstName"):
        check_name(text, "firstName", 10)


def test_some_names_may_be_empty() -> None:
    assert check_name("  ", "title", 10, may_be_empty=True) == ""
    with pytest.raises(NameRejected):
        check_name("\n", "title", 10, may_be_empty=True)


@given(st.text(max_size=300))
def test_a_name_that_was_taken_is_taken_again(text: str) -> None:
    try:
        name = check_name(text, "name", 100)
    except NameRejected:
        return
    assert 1 <= len(name) <= 100
    assert check_name(name, "name", 100) == name


def test_addresses_are_found_in_any_case() -> None:
    assert check_email(" Ada@Example.ORG ") == "ada@example.org"
    for text in ("", "ada", "ada@", "@x", "a@b\nBcc: c@d", "\u202ea@b.c", "a@" + "b" * 260):
        with pytest.raises(InvalidInput):
            check_email(text)


def test_a_name_far_too_long_is_refused_before_its_accents_are_put_in_order() -> None:
    with pytest.raises(NameRejected, match="may have 20 characters, this has 2000001"):
        check_name("a" + "\u0300" * 1_000_000 + "\u0327" * 1_000_000, "name", 20)
