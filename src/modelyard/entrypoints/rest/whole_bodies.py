"""Bodies that are read as far as they can be, so that all their problems are told in one answer."""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from modelyard.core.places import place_of

_Place = tuple[str | int, ...]


def _no_flag(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("number_type", "Input should be a number, not true or false")
    return value


Whole = Annotated[int, BeforeValidator(_no_flag)]
Number = Annotated[float, BeforeValidator(_no_flag)]
"""Numbers as clients send them, also in texts; but true is not 1 here."""


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
            told = {
                _place(body, entry["loc"]): entry["msg"]
                for entry in error.errors(include_url=False, include_context=False, include_input=False)
            }
            for place in told:
                cls._mend(body, place)
            mended = handler(body)
            mended._unread = tuple(f"{place_of(place)}: {message}" for place, message in told.items())
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
