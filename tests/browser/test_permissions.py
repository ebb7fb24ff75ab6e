"""Pages open for those whose role has their permission, and nobody is shown a way to one that stays closed."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Page

from modelyard.domain.accounts.first_start import ADMINISTRATOR_ROLES
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.roles import prebuilt_grants
from modelyard.entrypoints.rest.route_permissions import ROUTES, Rule
from tests.browser.conftest import PEOPLE, Site
from tests.browser.looking import Visitor

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]
ROLES = {person: roles for person, (roles, _) in PEOPLE.items()} | {"Olga": ADMINISTRATOR_ROLES}
BEGIN = ("/models", "/jobs", "/operations", "/people", "/profile", "/deploy", "/approvals")
NO_PAGES = re.compile(r"^/(api|auth|static|healthz|readyz|metrics|invitations|sign-in|theme)(/|$)")
TELLING = {"part"}
"""Parts of a query that choose what a page shows; the others only narrow it."""
MOST_PAGES = 200


def pages_of_the_table() -> Iterator[tuple[str, Rule]]:
    """Pages whose address is the same for everybody."""
    for (method, path), rule in ROUTES.items():
        if method == "GET" and "{" not in path and not NO_PAGES.match(path):
            yield path, rule


def may(person: str, rule: Rule) -> bool:
    """Whether a person's role is enough for a route."""
    return not isinstance(rule, Permission) or rule in prebuilt_grants(ROLES[person])


def rule_of(method: str, path: str) -> Rule:
    """What the route asks for that answers there. The most exact one does."""
    known = [route for route in ROUTES if route[0] == method and re.fullmatch(_pattern(route[1]), path)]
    return ROUTES[min(known, key=lambda route: route[1].count("{"))]


def _pattern(route: str) -> str:
    return re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(route))


def links(page: Page) -> set[str]:
    """Addresses of other pages of ours."""
    found: list[str] = page.locator("a[href]:not([download])").evaluate_all("(all) => all.map((one) => one.href)")
    ours = [urlsplit(link) for link in found if link.startswith(page.url[: page.url.index("/", 8)])]
    telling = [(link.path, [pair for pair in parse_qsl(link.query) if pair[0] in TELLING]) for link in ours]
    return {f"{path}?{urlencode(query)}".rstrip("?") for path, query in telling if not NO_PAGES.match(path)}


def actions(page: Page) -> set[str]:
    """Paths that forms are sent to."""
    found: list[str] = page.locator("form[method=post]").evaluate_all("(all) => all.map((one) => one.action)")
    return {urlsplit(action).path for action in found}


@pytest.mark.parametrize("person", ROLES)
def test_pages_open_for_whom_they_are(visit: Callable[..., Visitor], person: str) -> None:
    visitor = visit(person)
    wrong = []
    for path, rule in pages_of_the_table():
        answer = visitor.page.goto(visitor.address + path)
        assert answer is not None
        if answer.status != (200 if may(person, rule) else 403):
            wrong.append((path, rule, answer.status))

    assert wrong == []


@pytest.mark.parametrize("person", ROLES)
def test_nobody_is_led_to_a_closed_door(visit: Callable[..., Visitor], site: Site, person: str) -> None:
    visitor = visit(person)
    waiting = [path for path in BEGIN if may(person, rule_of("GET", path))] + [site.model_path("sentiment")]
    seen = set(waiting)
    closed: list[tuple[str, object]] = []
    while waiting:
        path = waiting.pop()
        answer = visitor.page.goto(visitor.address + path)
        assert answer is not None
        if answer.status != 200:
            closed.append((path, answer.status))
            continue
        closed += [(path, action) for action in actions(visitor.page) if not may(person, rule_of("POST", action))]
        new = links(visitor.page) - seen if len(seen) < MOST_PAGES else set()
        seen |= new
        waiting += sorted(new)

    assert closed == []
    assert len(seen) > 15
