"""Inviting somebody, as people do it in a browser: from the three steps to their first key, and what they may not."""

from collections.abc import Callable

import pytest

from tests.browser.conftest import PASSWORD, Site
from tests.browser.looking import Visitor

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("browser")]
HOSTILE = "<img src=x onerror=alert(1)>"


def test_from_an_invitation_to_a_key(visit: Callable[..., Visitor], site: Site) -> None:
    olga = visit("Olga")
    page = olga.open("/people")
    page.get_by_role("link", name="New user").click()
    page.get_by_label("First name").fill("Grace")
    page.get_by_label("Last name").fill(HOSTILE)
    page.get_by_label("E-mail").fill("grace@example.org")
    page.get_by_label("Team", exact=True).select_option(label="Acme · local")
    page.get_by_role("button", name="Go on to roles").click()
    page.get_by_label("Data Scientist").check()
    olga.picture("people-new-roles")
    assert olga.judge() == []
    page.get_by_role("button", name="Go on to review").click()
    olga.picture("people-new-review")
    assert olga.judge() == []
    page.get_by_role("button", name="Save and invite").click()
    link = page.locator(".secret code").inner_text()
    olga.picture("people-invited")
    assert olga.judge() == []

    grace = visit()
    page = grace.open(link.removeprefix(site.server.url))
    page.get_by_label("Last name").fill("Hopper")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Accept the invitation").click()
    page.get_by_role("link", name="Sign in").click()
    grace.sign_in("grace@example.org", PASSWORD)
    page = grace.open("/profile")
    grace.picture("profile-grace")
    assert grace.judge() == []
    page.get_by_role("button", name="Get key").click()
    key = page.locator(".secret code").inner_text()
    assert "." in key
    assert grace.judge() == []
    page.get_by_role("link", name="I have it").click()
    assert key not in page.content()
    assert page.get_by_role("link", name="Replace").is_visible()

    page = olga.open("/people/users/grace@example.org")
    page.get_by_text("Suspend …").click()
    page.get_by_role("button", name="Suspend", exact=True).click()
    assert "inactive" in page.inner_text("header.top")
    grace.open("/profile")
    assert grace.page.url.partition("?")[0].endswith("/sign-in")


@pytest.mark.parametrize(
    ("person", "shown"),
    [
        ("Alice", ["Users", "Teams", "Projects", "Roles", "Accounts", "Quotas"]),
        ("Bob", ["Users", "Teams", "Projects", "Roles", "Accounts", "Quotas"]),
        ("Charlie", ["Users", "Teams", "Projects", "Roles", "Accounts", "Quotas"]),
        ("Olga", ["Users", "Teams", "Projects", "Roles", "Accounts", "Hardware presets", "Quotas", "Audit"]),
    ],
)
def test_everybody_sees_the_tabs_that_they_may_open(
    visit: Callable[..., Visitor], site: Site, person: str, shown: list[str]
) -> None:
    page = visit(person).open("/people")

    assert page.get_by_role("navigation", name="People").get_by_role("link").all_inner_texts() == shown
    assert (page.get_by_text(site.email("Alice")).count() > 0) is (person != "Charlie")
