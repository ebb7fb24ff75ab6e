"""Bodies that are read as far as they can be, so that all their problems are told in one answer."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from modelyard.core.places import place_of
from modelyard.entrypoints.body_problems import told_problems

_Place = tuple[str | int, ...]


class WholeBody(BaseModel):
    """A body whose members are checked by the domain as well: what is of the wrong type is told beside that."""

    stand_ins: ClassVar[Mapping[str, Callable[[str], Any]]] = {}
    """For members that are lists, what stands where an entry could not be read; an empty object where nothing is said.

    It is made from the entry's place, and never stored: the body is refused.
    """
    _unread: tuple[str, ...] = PrivateAttr(())

    @property
    def unread(self) -> tuple[str, ...]:
        """What could not be read, each with its place; the members that this is about are as if absent."""
        return self._unread

    @model_validator(mode="wrap")
    @classmethod
    def _read_as_far_as_possible(cls, body: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(body)
        except ValidationError as error:
            if not isinstance(body, dict):
                raise
            entries = error.errors(include_url=False)
            told = told_problems(entries, body)
            for place in dict.fromkeys(_place(body, entry["loc"]) for entry in entries):
                cls._mend(body, place)
            mended = handler(body)
            mended._unread = tuple(told)
            return mended

    @classmethod
    def _mend(cls, body: dict[str, Any], place: _Place) -> None:
        """Takes out what cannot be read; entries of lists keep their positions."""
        if not place:
            return
        around: Any = body
        for part in place[:-1]:
            around = around[part]
        last = place[-1]
        make = cls.stand_ins.get(str(place[0]))
        stand_in = make(f"unread {place_of(place)}") if make else {}
        if isinstance(last, int):
            around[last] = stand_in
        elif isinstance(stand_in, dict) and last in stand_in:
            around[last] = stand_in[last]
        else:
            around.pop(last, None)


def _place(body: dict[str, Any], loc: Iterable[str | int]) -> _Place:
    """How far a location leads into a body: it ends with a member that is missing, or names of possible types."""
    place: list[str | int] = []
    inner: Any = body
    for part in loc:
        if isinstance(inner, list) and isinstance(part, int):
            inner = inner[part]
        elif isinstance(inner, dict) and isinstance(part, str):
            if part not in inner and place and isinstance(place[-1], str):
                break
            inner = inner.get(part)
        else:
            break
        place.append(part)
    return tuple(place)
