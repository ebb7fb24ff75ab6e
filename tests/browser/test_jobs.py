"""A job watched in the browser, from its submission to its results."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site
from tests.browser.looking import Visitor

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]


def submit(site: Site, sources: dict[str, dict[str, str]]) -> str:
    """Sends texts to the sentiment model; returns the job's identifier."""
    model = {"identifier": site.models["sentiment"], "version": site.version("sentiment")}
    body = {"model": model, "explain": True, "input": {"type": "text", "sources": sources}}
    sent = site.server.call("POST", "/api/jobs", body)
    assert sent.status in {200, 201, 202}, sent.body
    return str(sent.json["jobIdentifier"])


def test_a_job_is_watched_to_its_end(visit: Callable[..., Visitor], site: Site) -> None:
    texts = {
        f"text-{number:04}": {"input.txt": f"It was a {'lovely' if number % 2 else 'horrible'} day."}
        for number in range(400)
    }
    texts["empty"] = {"input.txt": " "}
    visitor = visit("Olga")
    job = submit(site, texts)

    page = visitor.open(f"/jobs/{job}")

    expect(page.locator("main")).to_contain_text(re.compile("of 401"))
    expect(page.locator("main")).to_contain_text("with errors", timeout=60_000)  # without a reload
    expect(page.locator("main")).to_contain_text("The text is empty")
    visitor.picture("job-light")
    assert visitor.judge() == []
    page.get_by_role("link", name=re.compile("failed", re.IGNORECASE)).first.click()
    expect(page.locator("main")).to_contain_text("empty")


def test_the_list_shows_what_comes_and_what_becomes_of_it(visit: Callable[..., Visitor], site: Site) -> None:
    submit(site, {"before": {"input.txt": "It was a lovely day."}})
    page = visit("Olga").open("/jobs")

    job = submit(site, {"one": {"input.txt": "It was a lovely day."}})

    row = page.get_by_role("row", name=re.compile(job[:8]))
    expect(row).to_contain_text("1 of 1", timeout=60_000)  # without a reload


def test_a_job_is_canceled_from_its_page(visit: Callable[..., Visitor], site: Site) -> None:
    texts = {f"text-{number:05}": {"input.txt": "It was a lovely day. " * 200} for number in range(5000)}
    visitor = visit("Olga")
    job = submit(site, texts)
    page = visitor.open(f"/jobs/{job}")

    page.locator("summary", has_text="Cancel the job").click()
    page.wait_for_timeout(2_500)  # the page looks again meanwhile, and keeps the question open
    assert site.server.call("GET", f"/api/jobs/{job}").json["status"] != "CANCELED"
    page.get_by_role("button", name="Cancel it").click()

    expect(page.locator("main")).to_contain_text("canceled: the job was canceled")
    assert site.server.call("GET", f"/api/jobs/{job}").json["status"] == "CANCELED"


def test_others_do_not_see_a_job(visit: Callable[..., Visitor], site: Site) -> None:
    job = submit(site, {"one": {"input.txt": "It was a lovely day."}})
    charlie = visit("Charlie")

    charlie.open(f"/jobs/{job}", 404)
    page = charlie.open("/jobs")

    expect(page.get_by_text(job[:8])).to_have_count(0)
