"""What the audit trail keeps of a change: the fields that differ, before and after, long ones shortened."""

import json
from collections.abc import Mapping
from typing import Any

LONGEST_TEXT = 500
LONGEST_LIST = 5000
"""Characters of JSON of what is not a text."""


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """`before` and `after` with the fields that differ; nothing when none does."""
    names = sorted(name for name in after if before.get(name) != after[name])
    if not names:
        return {}
    return {
        "before": {name: shortened(before.get(name)) for name in names},
        "after": {name: shortened(after[name]) for name in names},
    }


def shortened(value: Any) -> Any:
    """The value, or of one that is long its beginning and how many characters it has."""
    is_text = isinstance(value, str)
    text = value if is_text else json.dumps(value, ensure_ascii=False)
    longest = LONGEST_TEXT if is_text else LONGEST_LIST
    return value if len(text) <= longest else {"beginning": text[:LONGEST_TEXT], "length": len(text)}
