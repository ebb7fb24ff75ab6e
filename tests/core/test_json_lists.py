"""Words in JSON lists, as every database that we work with finds them."""

import json

from sqlalchemy import String, create_engine, literal, select

from modelyard.core.json_lists import names_in


def _finds(word: str, words: list[str]) -> bool:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        found = connection.scalar(select(names_in(literal(json.dumps(words), String()), word)))
    engine.dispose()
    return bool(found)


def test_only_whole_words_are_found() -> None:
    assert _finds("ADMIN", ["OWNER", "ADMIN"])
    assert not _finds("ADMIN", ["ACCOUNT_ADMIN", "ADMINISTRATOR"])
    assert not _finds("ADMIN", [])


def test_signs_of_patterns_stand_for_themselves() -> None:
    assert _finds("TEAM_ROLE", ["TEAM_ROLE"])
    assert not _finds("TEAM_ROLE", ["TEAMXROLE"])
    assert not _finds("%", ["anything"])
