"""Texts that strangers wrote, made harmless for a line, a terminal or a spreadsheet."""

import unicodedata

JOINERS = "\u200c\u200d"
"""Nobody sees them, but words of Persian and of Indian scripts need them, and so do emoji."""
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def is_unseen(character: str) -> bool:
    """Whether a character controls something, reorders text or shows nothing, and is no joiner."""
    return unicodedata.category(character) in _UNSEEN and character not in JOINERS


def one_line(text: str) -> str:
    """The text without line ends and other characters that nobody can see."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def harmless_cell(text: str) -> str:
    """The text for a cell of a table: a spreadsheet would run one that begins like a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
