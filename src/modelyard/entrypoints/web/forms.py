"""Reads what somebody filled in."""

from collections.abc import Sequence
from urllib.parse import parse_qs

from fastapi import Request

from modelyard.core.errors import InvalidInput

MOST_FIELDS = 200
MOST_OF_LONG_FORMS = 4000


class FormUnreadable(InvalidInput):
    """What was sent is no form, or too long a one."""

    def __init__(self) -> None:
        super().__init__(f"The form cannot be read; it may have {MOST_OF_LONG_FORMS} fields of text in UTF-8.")


async def read_form(request: Request) -> dict[str, list[str]]:
    """The values of each field; none of a body that is no form."""
    try:
        return parse_qs((await request.body()).decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:  # bytes that are no UTF-8, or too many fields
        return {}


def first(form: dict[str, list[str]], name: str) -> str:
    """The first value of a field, empty without one."""
    values: Sequence[str] = form.get(name, ("",))
    return values[0]


async def read_whole_form(request: Request) -> dict[str, list[str]]:
    """The same for long forms, of which an empty one would take something away. Raises FormUnreadable."""
    try:
        return parse_qs((await request.body()).decode(), keep_blank_values=True, max_num_fields=MOST_OF_LONG_FORMS)
    except ValueError:
        raise FormUnreadable from None
