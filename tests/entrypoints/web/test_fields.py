"""A field of any form: what is wrong with it and its hint are read aloud with it."""

import re

import pytest

from tests.asgi import AsgiClient
from tests.entrypoints.web.forms import look, refused


def _described(page: str, field: str) -> list[str]:
    """What is read aloud with a field, each a text that is there."""
    (tag,) = re.findall(rf'<\w+ id="{re.escape(field)}"[^>]*>', page)
    found = re.search(r'aria-describedby="([^"]*)"', tag)
    names = found[1].split() if found else []
    assert all(page.count(f'id="{name}"') == 1 for name in names)
    assert page.count(f'<label for="{field}">') == 1
    assert ('aria-invalid="true"' in tag) is any(name.endswith("-wrong") for name in names)
    return names


@pytest.mark.parametrize(("path", "field"), [("/people/new", "email"), ("/deploy", "version")])
async def test_wizard_and_short_forms_are_made_alike(olga: AsgiClient, path: str, field: str) -> None:
    assert _described(await look(olga, path), field) == [f"{field}-hint"]

    page = await refused(olga, path, 400, name="Kept", firstName="Kept", lastName="Kept", email="", version="one")

    assert _described(page, field) == [f"{field}-wrong", f"{field}-hint"]
    assert 'value="Kept"' in page


async def test_short_forms_say_what_can_be_left_out(olga: AsgiClient) -> None:
    page = await look(olga, "/people/roles/new")

    assert '<label for="description">In one line <span class="muted">optional</span></label>' in page
    assert '<label for="name">Name</label>' in page
    assert "optional" not in await look(olga, "/deploy")
