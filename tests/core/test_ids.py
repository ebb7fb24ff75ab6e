"""Identifiers: their form, and that they do not repeat."""

import re
import uuid

from modelyard.core.ids import new_key_part, new_model_id, new_uuid, random_word


def test_model_ids_are_ten_lower_case_letters_and_digits() -> None:
    made = {new_model_id() for _ in range(1000)}

    assert len(made) == 1000
    assert all(re.fullmatch("[a-z0-9]{10}", one) for one in made)


def test_uuids_are_random() -> None:
    assert uuid.UUID(new_uuid()).version == 4


def test_key_parts_are_twenty_letters_and_digits() -> None:
    assert re.fullmatch("[A-Za-z0-9]{20}", new_key_part())


def test_words_have_the_wanted_length() -> None:
    assert [len(random_word(length)) for length in (0, 1, 16)] == [0, 1, 16]
