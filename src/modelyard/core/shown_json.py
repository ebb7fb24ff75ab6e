"""JSON values that are short where a message shows them, and know how many values they hold."""

from typing import Any

from modelyard.core.counted import counted

DEEPEST = 64
"""Levels of arrays and objects."""
_LONGEST_TEXT = 80
_MOST_SHOWN = 12


class NestedTooDeeply(ValueError):
    """The value has more levels than anything here handles."""

    def __init__(self) -> None:
        super().__init__(f"nested more than {DEEPEST} levels deep")


class ShownObject(dict[str, Any]):
    """An object; `weight` counts all values in it, and itself."""

    weight: int

    def __repr__(self) -> str:
        return f"an object of {counted(len(self), 'member')}"


class ShownList(list[Any]):
    """An array; `weight` counts all values in it, and itself."""

    weight: int

    def __repr__(self) -> str:
        if self.weight == len(self) + 1 <= _MOST_SHOWN + 1:
            return f"[{', '.join(map(repr, self))}]"
        return f"a list of {counted(len(self), 'value')}"


class ShownText(str):
    """A text."""

    __slots__ = ()

    def __repr__(self) -> str:
        shortened = self[:_LONGEST_TEXT] + "…" if len(self) > _LONGEST_TEXT else str(self)
        return repr(shortened)


def shown(value: Any, level: int = 0) -> Any:
    """The same value in these classes. Raises NestedTooDeeply."""
    if isinstance(value, str):
        return ShownText(value)
    if not isinstance(value, dict | list):
        return value
    if level == DEEPEST:
        raise NestedTooDeeply
    if isinstance(value, dict):
        members = ShownObject((name, shown(each, level + 1)) for name, each in value.items())
        members.weight = 1 + sum(map(weight_of, members.values()))
        return members
    values = ShownList(shown(each, level + 1) for each in value)
    values.weight = 1 + sum(map(weight_of, values))
    return values


def weight_of(value: Any) -> int:
    """How many values a shown value holds, itself included."""
    return getattr(value, "weight", 1)


def has_nul(value: Any) -> bool:
    """Whether a NUL character is in one of the texts or names, which not every database takes. Of a shown value."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(has_nul(name) or has_nul(each) for name, each in value.items())
    return isinstance(value, list) and any(map(has_nul, value))
