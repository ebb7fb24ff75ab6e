"""Bodies that are read as far as they can be, so that all their problems are told in one answer."""

from collections.abc import Iterable
from typing import Any, Self

from pydantic import BaseModel, ModelWrapValidatorHandler, PrivateAttr, ValidationError, model_validator

from modelyard.core.places import place_of


class WholeBody(BaseModel):
    """A body whose members are checked by the domain as well: what is of the wrong type is told beside that."""

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
            errors = error.errors(include_url=False, include_context=False, include_input=False)
            places = [_mend(body, entry["loc"]) for entry in errors]
            mended = handler(body)
            told = {place_of(place): entry["msg"] for place, entry in zip(places, errors, strict=True)}
            mended._unread = tuple(f"{place}: {message}" for place, message in told.items())
            return mended


def _mend(body: dict[str, Any], loc: Iterable[str | int]) -> list[str | int]:
    """Takes what cannot be read out of a body, entries of lists keeping their positions; returns its place."""
    place: list[str | int] = []
    inner: Any = body
    around: Any = None
    for part in loc:  # ends with names of types where several are possible
        if isinstance(inner, list) and isinstance(part, int):
            around, inner = inner, inner[part]
        elif isinstance(inner, dict) and isinstance(part, str) and (part in inner or part == "name"):
            around, inner = inner, inner.get(part)
        else:
            break
        place.append(part)
    last = place[-1]
    if isinstance(last, int):
        around[last] = {"name": _stand_in(place)} if _has_names(place) else {}
    elif last == "name":
        around[last] = _stand_in(place)
    else:
        around.pop(last, None)
    return place


def _has_names(place: list[str | int]) -> bool:
    return place[0] in {"inputs", "outputs"}


def _stand_in(place: list[str | int]) -> str:
    """A name that no other entry has; it is never stored, since the body is refused."""
    return f"unread {place_of(place)}".replace("/", " ")[:200]
