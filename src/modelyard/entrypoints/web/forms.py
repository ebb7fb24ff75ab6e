"""Reads what somebody filled in."""

from collections.abc import Sequence
from urllib.parse import parse_qs

from fastapi import Request

MOST_FIELDS = 200


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
