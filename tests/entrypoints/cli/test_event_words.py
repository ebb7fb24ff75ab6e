"""Events in words."""

import pytest

from modelyard.entrypoints.cli.event_words import after, before, happened, others

CHANGED = {"before": {"roles": ["DEVELOPER"], "x": 1}, "after": {"roles": ["AUDITOR", "DEVELOPER"], "x": 1}}


@pytest.mark.parametrize(
    ("action", "details", "words"),
    [
        ("team:created", {"after": {"name": "Vision"}}, "team created: Vision"),
        (
            "user:invited",
            {"after": {"email": "ada@example.org", "roles": ["DEVELOPER"]}},
            "user invited: ada@example.org",
        ),
        (
            "team:member:changed",
            {"email": "bob@example.org", **CHANGED},
            "team member changed: bob@example.org, roles DEVELOPER → AUDITOR and DEVELOPER",
        ),
        ("user:password:reset-sent", {"by_mail": False}, "user password reset sent"),
        ("key:changed", {"before": {"a": None}, "after": {"a": {"b": True}}}, "key changed: a nothing → b: yes"),
        (
            "x:changed",
            {"before": dict.fromkeys("abcde", 1), "after": dict.fromkeys("abcde", 2)},
            "x changed: a 1 → 2, b 1 → 2, c 1 → 2, and 2 more",
        ),
        ("x:changed", {"before": {"aB": 1}, "after": {"aB": 2}}, "x changed: a b 1 → 2"),
        ("odd", None, "odd"),
        ("odd", {"before": 5, "after": []}, "odd"),
    ],
)
def test_what_happened(action: str, details: object, words: str) -> None:
    assert happened({"action": action, "details": details}) == words


def test_a_long_value_is_cut() -> None:
    assert len(happened({"action": "x", "details": {"name": "y" * 5000}})) < 100


def test_before_and_after() -> None:
    event = {"details": {"email": "bob@example.org", "by_mail": False, **CHANGED}}

    assert before(event) == ["roles: DEVELOPER", "x: 1"]
    assert after(event) == ["roles: AUDITOR and DEVELOPER", "x: 1"]
    assert others(event) == ["email: bob@example.org", "by mail: no"]
