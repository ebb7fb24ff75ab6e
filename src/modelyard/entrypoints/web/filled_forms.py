"""Forms as they were sent: what was typed, what is wrong with it, and at which field that stands."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from fastapi import Request

from modelyard.core.errors import InvalidInput, LimitReached, NotAllowed, NotAuthenticated, PlatformError
from modelyard.entrypoints.rest.errors import status_of
from modelyard.entrypoints.rest.refusals import tell_of_refusal
from modelyard.entrypoints.web.forms import read_form

_NAMED_FIELD = re.compile(r"(\w+):? +(.*)", re.DOTALL)
SECRET_FIELDS = frozenset({"old", "new", "again"})
"""What is never sent back."""


class FieldsMissing(InvalidInput):
    """Some fields cannot be left empty."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__("Fill in what is marked.")
        self.names = names


class NotTyped(InvalidInput):
    """What cannot be undone takes its name to be typed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Type {name!r} here to say that you mean it.")


@dataclass(frozen=True, slots=True)
class Filled:
    """A form. Fields are named as the members of the API, so that errors that name one stand at it.

    Args:
        problem: what is wrong with all of it.
        at: what is wrong with single fields.
        status: of an answer that shows it.
    """

    values: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)
    problem: str = ""
    at: Mapping[str, str] = field(default_factory=dict)
    status: int = 200

    def first(self, name: str) -> str:
        """The value of a field without spaces around it; empty without one."""
        return next(iter(self.values.get(name, ())), "").strip()

    def all(self, name: str) -> list[str]:
        """All values of a field, such as boxes that are checked."""
        return [value.strip() for value in self.values.get(name, ()) if value.strip()]

    def given(self, name: str) -> str | None:
        """The same as `first`, None when it is empty."""
        return self.first(name) or None

    def shown(self, name: str, otherwise: object = "") -> str:
        """What stands in a field: what was typed, or else what is so now."""
        if name in SECRET_FIELDS:
            return ""
        if name in self.values:
            return next(iter(self.values[name]), "")
        return "" if otherwise is None else str(otherwise)

    def has(self, name: str, value: str, otherwise: Sequence[str] = ()) -> bool:
        """Whether a box is checked: as it was sent, or else as it is now. Each group of boxes sends an empty value, so
        that one of which none is checked was sent, too.
        """
        return value in self.values.get(name, otherwise)

    def require(self, *names: str) -> None:
        """Raises FieldsMissing."""
        if missing := [name for name in names if not self.first(name)]:
            raise FieldsMissing(missing)

    def require_typed(self, name: str) -> None:
        """Raises NotTyped unless the name of what will be gone is in the field `typed`."""
        if self.first("typed") != name:
            raise NotTyped(name)

    def number(self, name: str) -> int | None:
        """A whole number; None when nothing is typed. Raises InvalidInput."""
        text = self.first(name).replace(",", "")
        if not text:
            return None
        if not re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII):
            raise InvalidInput(f"{name}: a whole number, not {text[:40]!r}.")
        return int(text)


async def read_filled(request: Request) -> Filled:
    """The form that a request brings."""
    return Filled(await read_form(request))


async def refused(
    request: Request, form: Filled, error: PlatformError, places: Mapping[type[PlatformError], str] | None = None
) -> Filled:
    """The form to show again, with what is wrong; raises the error where that is nothing to do with the form.

    Args:
        places: at which field errors stand that name none.
    """
    status = status_of(error)
    if isinstance(error, NotAuthenticated) or (status >= 500 and not isinstance(error, LimitReached)):
        raise error
    if isinstance(error, NotAllowed):
        await tell_of_refusal(request, error, status)
    if isinstance(error, FieldsMissing):
        return replace(form, problem=error.message, at=dict.fromkeys(error.names, "Fill this in."), status=status)
    known: dict[type[PlatformError], str] = {NotTyped: "typed", **(places or {})}
    place, text = known.get(type(error), ""), error.message
    named = _NAMED_FIELD.fullmatch(text)
    if not place and named and named[1] in form.values:
        place, text = named[1], f"{named[2][:1].upper()}{named[2][1:]}"
    if not place:
        return replace(form, problem=text, status=status)
    return replace(form, problem="One field needs another look.", at={place: text}, status=status)
