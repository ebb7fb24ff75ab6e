"""Which columns a terminal has room for, and how wide they are."""

from modelyard.entrypoints.cli.terminal_table import fit

NAME = ("name", ["a", "four words in all"])
WORDS = ("description", ["word " * 20])
IDENTIFIER = ("identifier", ["0123456789" * 4])


def test_all_have_room() -> None:
    assert fit([NAME, WORDS, IDENTIFIER], 200) == {0: 17, 1: 100, 2: 40}


def test_words_fold_before_a_column_is_left_out() -> None:
    assert fit([NAME, WORDS, IDENTIFIER], 90) == {0: 17, 1: 29, 2: 40}


def test_the_last_are_left_out() -> None:
    assert fit([NAME, WORDS, IDENTIFIER], 80) == {0: 17, 1: 61}


def test_what_comes_later_and_is_small_may_still_have_room() -> None:
    assert fit([NAME, IDENTIFIER, ("admin", ["yes"])], 40) == {0: 17, 2: 5}


def test_the_first_is_shown_in_any_case() -> None:
    assert fit([IDENTIFIER, NAME], 20) == {0: 20}
