"""Predefined tags, and how the name of a tag becomes its identifier: plain rules, without a database."""

import unicodedata
from collections.abc import Iterable

from modelyard.core.errors import InvalidInput

MOST_TAGS = 50
MOST_NAMES = 500
"""In one list of tags; several can be of one tag."""
LONGEST_TAG = 100
CUSTOM = "Tags"
PREDEFINED: dict[str, tuple[str, ...]] = {
    "Subject": (
        "Language and Text",
        "Colors, Textures, and Patterns",
        "Computers and Software",
        "Equipment and Machinery",
        "Food",
        "Infrastructure and Buildings",
        "People and Activities",
        "Satellites and Space",
        "Topics, Ideas, and Sentiment",
        "Vehicles and Transportation",
        "Video, Images, and Illustrations",
    ),
    "Task": (
        "Label or Classify",
        "Count",
        "Enhance or Preprocess",
        "Forecast or Estimate",
        "Locate or Detect",
    ),
    "Input Type": ("Audio", "Binary", "Image", "Signal", "Time Series"),
}
CATEGORIES = ("Task", "Subject", "Input Type")
"""In the order in which they are shown."""
_REFUSED = frozenset(',;/\\<>"`')
"""What separates tags in addresses, or would be read as something else there or in a page."""
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


class TagsRejected(InvalidInput):
    """The list of tags cannot be used."""


def tag_identifier(name: str) -> str:
    """The name in lower case, with underscores for spaces. Names with one identifier are one tag."""
    return _composed(name).lower().replace(" ", "_")


def _composed(name: str) -> str:
    """Trimmed, with single spaces, in Unicode's composed form.

    Putting accents in order takes the square of their number. So a name that is too long is cut first; since a letter
    is composed of four characters at most, it stays too long.
    """
    return unicodedata.normalize("NFC", " ".join(name.split())[: 4 * LONGEST_TAG + 1])


_BITS = {
    tag_identifier(name): 1 << number
    for number, name in enumerate(name for names in PREDEFINED.values() for name in names)
}
"""Stored in every model: names are added at the end of all, and never move."""
CATEGORY_OF = {tag_identifier(name): category for category, names in PREDEFINED.items() for name in names}


def bit_of(identifier: str) -> int:
    """The bit that stands for a predefined tag in `Model.tag_bits`; 0 for other tags."""
    return _BITS.get(identifier, 0)


def bits_of(identifiers: Iterable[str]) -> int:
    """The bits of all predefined tags among these."""
    return sum(bit_of(identifier) for identifier in set(identifiers))


def check_tag_name(name: str) -> str:
    """The name of a new tag, trimmed. Raises TagsRejected."""
    name = _composed(name)
    if not name or len(name) > LONGEST_TAG or len(tag_identifier(name)) > LONGEST_TAG:
        raise TagsRejected(f"The name of a tag has 1 to {LONGEST_TAG} characters, not {len(name)}.")
    if set(name) == {"."}:
        raise TagsRejected(f"{name!r} cannot be a tag: in addresses it stands for something else.")
    _refuse_letters(name, _REFUSED)
    return name


def _refuse_letters(name: str, refused: frozenset[str] = frozenset()) -> None:
    if any(letter in refused or unicodedata.category(letter) in _INVISIBLE for letter in name):
        named = " ".join(sorted(_REFUSED))
        raise TagsRejected(f"{name[:60]!a} cannot be a tag: it may not have any of {named} or invisible letters in it.")


def read_names(names: list[str]) -> dict[str, str]:
    """Names by identifier, in order; of several with one identifier the first. Raises TagsRejected."""
    if len(names) > MOST_NAMES:
        raise TagsRejected(f"A model has at most {MOST_TAGS} tags; {len(names)} names are too many.")
    wanted: dict[str, str] = {}
    for name in names:
        wanted.setdefault(tag_identifier(name), name)
    for name in list(wanted.values())[: MOST_TAGS + 1]:
        _refuse_letters(" ".join(name[: LONGEST_TAG + 1].split()))
    if len(wanted) > MOST_TAGS:
        raise TagsRejected(f"A model has at most {MOST_TAGS} tags, not {len(wanted)}.")
    if any(not key or len(key) > LONGEST_TAG for key in wanted):
        raise TagsRejected(f"The name of a tag has 1 to {LONGEST_TAG} characters.")
    return wanted
