"""Reads what somebody filled in."""

from collections.abc import Sequence
from urllib.parse import parse_qs

from fastapi import Request

from modelyard.core.errors import InvalidInput

MOST_FIELDS = 4000


class FormUnreadable(InvalidInput):
    """What was sent is no form, or too long a one."""

    def __init__(self) -> None:
        super().__init__(f"The form cannot be read; it may have {MOST_FIELDS} fields of text in UTF-8.")


async def read_form(request: Request) -> dict[str, list[str]]:
    """The values of each field. Raises FormUnreadable: an empty form in its place could take something away."""
    try:
        return parse_qs((await request.body()).decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:  # bytes that are no UTF-8, or too many fields
        raise FormUnreadable from None


def first(form: dict[str, list[str]], name: str) -> str:
    """The first value of a field, empty without one."""
    values: Sequence[str] = form.get(name, ("",))
    return values[0]
