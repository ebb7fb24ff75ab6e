"""The documents of cards, schemas and diffs agree with the code."""

import re

from modelyard.core import json_schemas, linear_patterns, schema_keywords, schema_rules, shown_json
from modelyard.domain.inputs import schema_check
from modelyard.domain.models.card_content import LONGEST_TEXT, ModelCard, RiskRating
from modelyard.domain.models.contract_diff import Effect
from tests.house.tree import ROOT

GUIDE = (ROOT / "docs" / "guide" / "model-cards.md").read_text(encoding="utf-8")
SCHEMAS = (ROOT / "docs" / "reference" / "json-schemas.md").read_text(encoding="utf-8")
DIFF = (ROOT / "docs" / "reference" / "contract-diff.md").read_text(encoding="utf-8")


def test_every_member_of_a_card_is_explained() -> None:
    table = GUIDE.partition("| member | is |")[2].partition("\n\n")[0]

    assert [name for name in (*ModelCard().plain(), *RiskRating) if f"`{name}`" not in table] == []
    assert f"{LONGEST_TEXT:,}" in table


def test_the_limits_of_schemas_are_those_of_the_code() -> None:
    limits = (
        *(json_schemas.LARGEST_SCHEMA, json_schemas.MOST_VALUES, json_schemas.MOST_STEPS),
        *(linear_patterns.LONGEST_PATTERN, linear_patterns.LARGEST_PATTERN, shown_json.DEEPEST),
        *(schema_rules.MOST_KEYWORDS, schema_rules.MOST_ALTERNATIVES, schema_rules.LONGEST_CHAIN),
        *(schema_check.LARGEST_CHECKED, schema_check.MOST_STEPS_OF_A_JOB),
    )

    assert [limit for limit in limits if not re.search(rf"\b{limit:,}\b", SCHEMAS)] == []
    assert [keyword for keyword in schema_keywords.UNSUPPORTED if f"`{keyword}`" not in SCHEMAS] == []


def test_every_effect_of_a_change_has_a_rule() -> None:
    effects = re.findall(r"\| (\w+) \|$", DIFF, re.MULTILINE)[1:]

    assert set(effects) == set(Effect)
