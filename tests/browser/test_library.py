"""Finding a model: search as one types, facets, and the same without JavaScript."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site
from tests.browser.looking import Visitor

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]


def test_search_as_one_types(visit: Callable[..., Visitor]) -> None:
    page = visit("Bob").open("/models")
    page.keyboard.press("/")

    page.keyboard.type("handwritten")

    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator(".card h2")).to_have_text("Handwritten Digits")
    expect(page).to_have_url(re.compile(r"q=handwritten"))
    page.reload()
    expect(page.locator(".card")).to_have_count(1)


def test_a_facet_narrows_and_can_be_taken_away(visit: Callable[..., Visitor]) -> None:
    page = visit("Bob").open("/models")
    expect(page.locator(".card")).to_have_count(2)

    page.get_by_role("navigation", name="Filters").get_by_role("link", name=re.compile("Topics, Ideas")).click()

    expect(page.locator(".card h2")).to_have_text("Sentiment of Short Texts")
    page.locator(".chips a").click()
    expect(page.locator(".card")).to_have_count(2)


def test_more_than_a_page_is_added_to_it(visit: Callable[..., Visitor], site: Site) -> None:
    call = site.server.call
    names = [f"Zebra {number}" for number in range(26)]
    models = [call("POST", "/api/models", {"name": name, "version": "0.1.0"}).json["identifier"] for name in names]
    try:
        page = visit("Olga").open("/models?q=zebra")
        expect(page.locator(".card")).to_have_count(24)
        page.get_by_role("link", name="Show more").click()
        expect(page.locator(".card")).to_have_count(26)
        expect(page.get_by_role("link", name="Show more")).to_have_count(0)
        assert {*page.locator(".card h2").all_inner_texts()} == {*names}
    finally:
        for model in models:
            assert call("DELETE", f"/api/models/{model}").status < 300


def test_where_the_session_ends_a_live_page_leads_to_signing_in(visit: Callable[..., Visitor]) -> None:
    visitor = visit("Olga")
    page = visitor.open("/operations/engines")

    visitor.context.clear_cookies()

    page.wait_for_url("**/sign-in?next=/operations/engines")


def test_without_javascript(visit: Callable[..., Visitor], site: Site) -> None:
    page = visit("Bob", scripts=False).open("/models")

    page.get_by_label("Search models").fill("digits")
    page.get_by_label("Search models").press("Enter")
    page.get_by_role("link", name="Handwritten Digits").first.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Handwritten Digits")
    assert site.models["digits"] in page.url


def test_keys_lead_to_places(visit: Callable[..., Visitor]) -> None:
    page = visit("Bob").open("/models")

    page.keyboard.press("g")
    page.keyboard.press("j")

    page.wait_for_url("**/jobs")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_who_may_not_see_a_model_finds_none(visit: Callable[..., Visitor], site: Site) -> None:
    path = f"/api/models/{site.models['digits']}/visibility"
    assert site.server.call("PATCH", path, {"scope": "TEAM"}).status == 200
    try:
        charlie = visit("Charlie")
        page = charlie.open("/models")
        expect(page.locator(".card h2")).to_have_text(["Sentiment of Short Texts"])
        charlie.open(site.model_path("digits"), 404)
    finally:
        assert site.server.call("PATCH", path, {"scope": "ACCOUNT"}).status == 200
