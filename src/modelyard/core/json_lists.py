"""Looks for words in columns that hold JSON lists."""

import json
from typing import Any

from sqlalchemy import ColumnElement, String, cast


def names_in(column: Any, word: str) -> ColumnElement[bool]:
    """Whether a list of words has this one. No two databases search JSON alike; but the word in quotes is there or not.

    An element with quotes of its own can be taken for two, so this is for words that have none, such as roles.
    """
    return cast(column, String).contains(json.dumps(word), autoescape=True)
