"""People as providers describe them, in whatever form."""

from typing import Any

import pytest

from modelyard.adapters.identity.base import Identity
from modelyard.adapters.identity.claims import MOST_GROUPS, identity_from, is_complete


def _identity(*documents: dict[str, Any], groups_claim: str = "groups") -> Identity:
    return identity_from(documents, subject="1", issuer="i", groups_claim=groups_claim)


@pytest.mark.parametrize(
    ("claims", "first", "last"),
    [
        ({"given_name": "Ada", "family_name": "Lovelace"}, "Ada", "Lovelace"),
        ({"given_name": " Ada\r\nBcc: x\u2028", "family_name": "Love\x00lace"}, "Ada Bcc: x", "Lovelace"),
        ({"name": "Ada King Lovelace"}, "Ada", "King Lovelace"),
        ({"name": "Ada", "given_name": 7}, "Ada", ""),
        ({"family_name": "Lovelace", "name": "ignored"}, "", "Lovelace"),
        ({"given_name": "x" * 500}, "x" * 200, ""),
        ({"given_name": ["Ada"], "name": {}}, "", ""),
    ],
)
def test_names(claims: dict[str, Any], first: str, last: str) -> None:
    found = _identity(claims)

    assert (found.first_name, found.last_name) == (first, last)


@pytest.mark.parametrize(
    ("documents", "email", "verified"),
    [
        ([{"email": "a@b.org", "email_verified": True}], "a@b.org", True),
        ([{"email": "a@b.org", "email_verified": "true"}], "a@b.org", True),
        ([{"email": "a@b.org", "email_verified": "false"}], "a@b.org", False),
        ([{"email": "a@b.org", "email_verified": 1}], "a@b.org", False),
        ([{"email": "a@b.org", "email_verified": ["true"]}], "a@b.org", False),
        ([{"email": "a@b.org"}], "a@b.org", False),
        ([{"email_verified": True}], "", False),
        ([{"email": "a@b.org"}, {"email": "a@b.org", "email_verified": True}], "a@b.org", True),
        ([{"email": "a@b.org"}, {"email": "c@d.org", "email_verified": True}], "a@b.org", False),
        ([{"email": "a@b.org"}, {"email_verified": True}], "a@b.org", False),
        (
            [{"email": "a@b.org", "email_verified": said} for said in (False, True)],
            "a@b.org",
            False,
        ),
        ([{}, {"email": "c@d.org", "email_verified": True}], "c@d.org", True),
        ([{"email": "a@b.org\r\nBcc: x", "email_verified": True}], "", False),
        ([{"email": "a b@c.org"}], "", False),
        ([{"email": "nobody"}], "", False),
        ([{"email": ["a@b.org"]}], "", False),
        ([{"email": "x" * 255 + "@b.org"}], "", False),
    ],
)
def test_email(documents: list[dict[str, Any]], email: str, verified: bool) -> None:
    found = _identity(*documents)

    assert (found.email, found.email_verified) == (email, verified)


@pytest.mark.parametrize(
    ("claims", "path", "groups"),
    [
        ({"groups": ["a", "b", "a"]}, "groups", {"a", "b"}),
        ({"groups": "a"}, "groups", {"a"}),
        ({"groups": ["a", 7, None, ["b"], "", "x" * 201, "c\nd"]}, "groups", {"a"}),
        ({"groups": {"a": 1}}, "groups", set()),
        ({"groups": 7}, "groups", set()),
        ({"realm_access": {"roles": ["a"]}}, "realm_access.roles", {"a"}),
        ({"https://e.org/groups": ["a"]}, "https://e.org/groups", {"a"}),
        ({"realm_access": ["roles"]}, "realm_access.roles", set()),
        ({}, "groups", set()),
    ],
)
def test_groups(claims: dict[str, Any], path: str, groups: set[str]) -> None:
    assert _identity(claims, groups_claim=path).groups == groups


def test_groups_are_bounded() -> None:
    assert len(_identity({"groups": [str(number) for number in range(100_000)]}).groups) == MOST_GROUPS


def test_completeness() -> None:
    everything: dict[str, Any] = {
        "given_name": "A",
        "family_name": "B",
        "email": "a@b.org",
        "email_verified": False,
        "groups": [],
    }

    assert is_complete(everything, "groups")
    for name in everything:
        assert not is_complete({key: value for key, value in everything.items() if key != name}, "groups")
