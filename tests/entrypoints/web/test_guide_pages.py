"""The documentation within the application: all of it is there, and its links lead somewhere."""

import re
from itertools import chain

import pytest

from modelyard.entrypoints.web.guides import GROUPS, HOME, read_guides
from tests.asgi import AsgiClient
from tests.entrypoints.web.forms import links, look, words
from tests.house.tree import ROOT


async def test_the_list_has_every_guide_once(alice: AsgiClient) -> None:
    written = {f"guide/{path.stem}" for path in (ROOT / "docs/guide").glob("*.md")}
    written |= {f"reference/{path.stem}" for path in (ROOT / "docs/reference").glob("*.md")} | {"glossary"}
    listed = list(chain.from_iterable(GROUPS.values()))
    assert sorted(listed) == sorted(written)

    page = await look(alice, HOME)

    assert [link for link in links(page) if link.startswith(HOME + "/")] == [f"{HOME}/{name}" for name in listed]
    assert "The library" in words(page)
    assert all(guide.title and guide.summary for name, guide in read_guides().items() if name in listed)


async def test_a_guide_is_shown(alice: AsgiClient) -> None:
    page = await look(alice, f"{HOME}/guide/people-and-access")

    assert "<h1>People and access</h1>" in page
    assert '<h2 id="who-did-what">' in page
    assert f"{HOME}/reference/permissions" in links(page)
    assert f"{HOME}/decisions/0008-whom-quotas-bind" in links(page)
    assert '<div class="scroll" tabindex="0"><table>' in await look(alice, f"{HOME}/reference/settings")


def test_links_between_guides_lead_to_what_is_there() -> None:
    guides = read_guides()
    for guide in guides.values():
        for target in re.findall(rf'href="{HOME}/([^"]+)"', guide.html):
            name, _, anchor = target.partition("#")
            assert name in guides, (guide.name, target)
            assert not anchor or f'id="{anchor}"' in guides[name].html, (guide.name, target)


@pytest.mark.parametrize(
    "name", ["guide/nothing", "guide", "../README", "guide/%2e%2e/%2e%2e/pyproject", "guide/library.md"]
)
async def test_nothing_else_is_shown(alice: AsgiClient, name: str) -> None:
    assert "There is nothing here" in words(await look(alice, f"{HOME}/{name}", 404))
