"""Signing in through an organisation's provider, in a browser that goes there and comes back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.looking import Visitor, new_visitor
from tests.journeys.conftest import end_server
from tests.journeys.server import Server
from tests.openid_server import ALICE, BOB, OpenidUser, openid_server
from tests.servers import free_port

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("browser")]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server whose people come from a real provider."""
    url = f"http://127.0.0.1:{free_port()}"
    with openid_server(tmp_path, [f"{url}/auth/oidc/callback"]) as provider:
        server = Server(tmp_path / "data", settings=provider.settings, url=url)
        try:
            server.start()
            yield url
        finally:
            end_server(server)


def test_people_sign_in_with_their_organisation(browser: Browser, address: str) -> None:
    alice = new_visitor(browser, address)
    page = alice.open("/jobs")
    assert alice.judge() == []
    alice.picture("sign-in-organisation")

    _sign_in_at_the_provider(page, ALICE)

    page.wait_for_url(f"{address}/jobs")
    expect(page.get_by_text("No jobs yet")).to_be_visible()
    page.goto(f"{address}/profile")
    expect(page.get_by_label("Last name")).to_have_value(ALICE.family_name)
    expect(page.get_by_text("by oidc")).to_be_visible()
    _sign_out(alice)
    alice.context.close()


def test_who_is_refused_reads_why_on_a_page(browser: Browser, address: str) -> None:
    bob = new_visitor(browser, address)
    page = bob.open("/sign-in")

    _sign_in_at_the_provider(page, BOB)

    page.wait_for_url(f"{address}/auth/oidc/callback**")
    expect(page.get_by_role("heading", name="You were not signed in")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("none of your groups")
    assert bob.judge() == []
    bob.picture("sign-in-refused")
    page.get_by_role("link", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    bob.context.close()


def _sign_in_at_the_provider(page: Page, somebody: OpenidUser) -> None:
    """Its forms, one for the name and one for the password."""
    page.get_by_role("link", name="Sign in with your organisation").click()
    for name, value in (("login", somebody.user_name), ("password", somebody.password)):
        field = page.locator(f"input[name={name}]")
        field.fill(value)
        field.press("Enter")


def _sign_out(visitor: Visitor) -> None:
    visitor.page.locator("summary", has_text="You").click()
    visitor.page.get_by_role("banner").get_by_role("button", name="Sign out").click()
    visitor.page.wait_for_url("**/sign-in")
