"""What may stand in a model card, and that it is stored as it was written."""

from typing import Any

import pytest

from modelyard.domain.models.card_content import (
    LONGEST_LINE,
    LONGEST_TEXT,
    ModelCard,
    card_of,
    card_problems,
    without_empty,
)

FULL: dict[str, Any] = {
    "intendedUse": "Sorting *letters*.",
    "outOfScopeUse": "Medical advice.",
    "trainingData": "10,000 letters of 2020.",
    "evaluationData": "1,000 letters of 2021.",
    "metricsByGroup": [
        {"group": "women", "metric": "F1", "value": 0.91, "sampleCount": 480, "note": ""},
        {"group": "men", "metric": "F1", "value": None, "sampleCount": None, "note": "not measured"},
    ],
    "ethicalConsiderations": "<script>alert(1)</script>",
    "caveats": "English only.",
    "risk": {"rating": "limited", "reason": "People read every letter."},
    "licence": "Apache-2.0",
    "languages": ["en", "pt-BR"],
    "contacts": [{"name": "Ada", "email": "ada@example.org", "url": "https://example.org/ada"}],
}


def test_a_card_is_stored_as_it_was_written() -> None:
    assert card_of(FULL).plain() == FULL
    assert card_problems(card_of(FULL)) == []
    assert card_problems(ModelCard()) == []


def test_what_is_missing_or_null_is_empty() -> None:
    empty = ModelCard().plain()

    assert card_of({}).plain() == empty
    assert card_of(dict.fromkeys(FULL)).plain() == empty
    assert without_empty(empty) == {}
    assert without_empty(FULL | {"caveats": ""}) == {name: each for name, each in FULL.items() if name != "caveats"} | {
        "metricsByGroup": [
            {"group": "women", "metric": "F1", "value": 0.91, "sampleCount": 480},
            {"group": "men", "metric": "F1", "note": "not measured"},
        ]
    }


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"intendedUse": "x" * (LONGEST_TEXT + 1)}, "intendedUse: at most 100000 characters, this has 100001"),
        ({"caveats": "a\0b"}, "caveats: text without control characters, but for tabs and line ends"),
        ({"licence": "\0"}, "licence: text without control characters, but for tabs and line ends"),
        (
            {"risk": {"rating": "High"}},
            "risk.rating: one of minimal, limited, high, unacceptable, or empty while nobody has rated it",
        ),
        ({"risk": {"reason": "\0"}}, "risk.reason: text without control characters, but for tabs and line ends"),
        ({"metricsByGroup": [{"group": "a", "metric": "b"}] * 501}, "metricsByGroup: at most 500, not 501"),
        ({"metricsByGroup": [{"metric": "F1"}]}, "metricsByGroup[0].group: a name"),
        (
            {"metricsByGroup": [{"group": "a", "metric": "F1", "sampleCount": -1}]},
            "metricsByGroup[0].sampleCount: 0 to 1000000000000000",
        ),
        (
            {"metricsByGroup": [{"group": "a", "metric": "x" * (LONGEST_LINE + 1)}]},
            "metricsByGroup[0].metric: at most 1000 characters, this has 1001",
        ),
        ({"contacts": [{}]}, "contacts[0]: a name, an email or a url"),
        ({"contacts": [{"email": "nobody"}]}, "contacts[0].email: an address such as ada@example.org"),
        (
            {"contacts": [{"url": "javascript:alert(1)"}]},
            "contacts[0].url: an address that begins with https:// or http://",
        ),
        (
            {"contacts": [{"url": 'https://x/"onclick='}]},
            "contacts[0].url: an address that begins with https:// or http://",
        ),
        ({"contacts": [{"name": "a"}] * 51}, "contacts: at most 50, not 51"),
        ({"languages": ["en", "english language"]}, "languages[1]: a language tag such as en or pt-BR"),
        ({"languages": ["en"] * 101}, "languages: at most 100, not 101"),
    ],
)
def test_bad_members(change: dict[str, Any], problem: str) -> None:
    assert card_problems(card_of(FULL | change)) == [problem]


def test_all_problems_are_told() -> None:
    card = card_of({"caveats": "\0", "risk": {"rating": "x"}, "languages": ["?"]}, unread=("licence: a text",))

    assert len(card_problems(card)) == 4
    assert card_problems(card)[0] == "licence: a text"
