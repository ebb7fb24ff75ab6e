"""The styleguide shows every token, and every component once."""

import re

from modelyard.entrypoints.web.assets import STATIC
from modelyard.entrypoints.web.styleguide_page import STATES
from tests.asgi import AsgiClient
from tests.entrypoints.web.forms import BROWSER, look, words


async def test_every_token_is_there(alice: AsgiClient) -> None:
    defined = set(re.findall(r"^\s+--([\w-]+):", (STATIC / "tokens.css").read_text(), re.MULTILINE))

    page = await look(alice, "/styleguide")

    assert set(re.findall(r"<code>--([\w-]+)</code>", page)) == defined


async def test_every_state_and_component_is_there(alice: AsgiClient) -> None:
    page = await look(alice, "/styleguide")

    assert set(STATES) <= set(re.findall(r"</svg>([a-z ]+)</span>", page))
    for component in (
        "<progress",
        "<meter",
        "<dialog",
        'class="empty"',
        'class="card"',
        'class="tabs"',
        'class="tree"',
    ):
        assert component in page, component
    assert "Styleguide" in words(page)


async def test_it_is_for_people_who_are_known(charlie: AsgiClient, anybody: AsgiClient) -> None:
    await look(charlie, "/styleguide")
    assert (await anybody.call("GET", "/styleguide", headers=dict(BROWSER))).status == 303
