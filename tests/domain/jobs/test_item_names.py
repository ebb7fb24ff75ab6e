"""Keys of names: as short as a database can index, and as different as the names."""

import itertools

from modelyard.domain.jobs.item_names import LONGEST_KEY, key_of_name

NAMES = ["", "a", "a/b 🎉", "x" * 100, "x" * 101, "x" * 102, "x" * 1000, "x" * 999 + "y", "🎉" * 1000]


def test_different_names_have_different_keys() -> None:
    keys = [key_of_name(name) for name in NAMES]
    keys += [key_of_name(key) for key in keys if len(key) == LONGEST_KEY]  # nobody can name an item like another's key

    assert len(set(keys)) == len(keys)
    assert all(len(key) <= LONGEST_KEY for key in keys)
    assert all(len(key) != LONGEST_KEY or len(name) > 100 for name, key in itertools.zip_longest(NAMES, keys[:9]))


def test_short_names_are_their_own_keys() -> None:
    assert [key_of_name(name) for name in NAMES[:4]] == NAMES[:4]
