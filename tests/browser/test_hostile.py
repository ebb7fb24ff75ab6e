"""What strangers wrote is shown, and never acts: Markdown, tags, names, outputs of models; nor do other sites."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, Site
from tests.browser.looking import Visitor

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]
ACTS = """<img src=x onerror="alert('acts')"><script>alert('acts')</script><svg onload="alert('acts')">"""
MARKDOWN = f"""# A heading

{ACTS}

[a link](javascript:alert('acts')) ![a picture](https://elsewhere.example/track.png)

<iframe src="https://elsewhere.example"></iframe><form action="https://elsewhere.example"><input name=password></form>
"""


@pytest.fixture
def hostile(site: Site) -> str:
    """Path of the page of a model of which everything that can be is hostile."""
    call = site.server.call
    made = call("POST", "/api/models", {"name": "Nice", "version": "0.1.0"})
    assert made.status == 201, made.body
    model_id = str(made.json["identifier"])
    changed = call("PATCH", f"/api/models/{model_id}", {"description": ACTS})
    assert changed.status == 200, changed.body
    path = f"/api/models/{model_id}/versions/0.1.0"
    words = {"longDescription": MARKDOWN, "technicalDetails": MARKDOWN, "versionHistory": MARKDOWN}
    metric = {"label": ACTS, "category": ACTS, "type": ACTS, "description": ACTS, "value": 0.5, "highlight": True}
    declared = {"name": "in<b>.txt", "acceptedMediaTypes": "text/plain", "maximumSize": 1000, "description": MARKDOWN}
    described = call("PATCH", path, {**words, "statistics": [{**metric, "order": 1}], "inputs": [declared]})
    assert described.status == 200, described.body
    return f"/models/{model_id}/0.1.0"


def test_what_a_model_says_never_acts(visit: Callable[..., Visitor], hostile: str) -> None:
    visitor = visit("Olga")
    visitor.open(hostile)

    parts = [link.get_attribute("href") for link in visitor.page.locator(".tabs a").all()]
    for part in filter(None, parts):
        visitor.open(part if part.startswith("/") else hostile + part)
        expect(visitor.page.locator("main")).to_be_visible()
        assert visitor.page.locator("main script, main iframe, main form[action*='elsewhere']").count() == 0
        assert visitor.page.locator("main [onerror], main [onload], main a[href^='javascript']").count() == 0
    visitor.open("/models?q=Nice")
    assert visitor.page.locator("main script, main [onerror]").count() == 0


def test_what_a_model_answers_never_acts(visit: Callable[..., Visitor], site: Site) -> None:
    model = {"identifier": site.models["sentiment"], "version": site.version("sentiment")}
    name = "<img src=x onerror=alert('acts')>"
    text = {name: {"input.txt": f"A lovely {ACTS} text."}, "bad/../../name": {"input.txt": "\ufffe"}}
    sent = site.server.call("POST", "/api/jobs", {"model": model, "input": {"type": "text", "sources": text}})
    assert sent.status in {200, 201, 202}, sent.body
    job = sent.json["jobIdentifier"]
    site.server.until(f"/api/jobs/{job}", lambda state: state["status"] == "COMPLETED")
    visitor = visit("Olga")

    visitor.open(f"/jobs/{job}")

    expect(visitor.page.locator("main")).to_contain_text(name)
    assert visitor.page.locator("main script, main [onerror]").count() == 0
    assert "acts" not in json.dumps(visitor.problems)


def test_pages_load_nothing_from_elsewhere(visit: Callable[..., Visitor], site: Site) -> None:
    visitor = visit("Olga")
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))

    for path in ("/models", site.model_path("digits"), "/jobs"):
        visitor.open(path)

    assert asked
    assert [url for url in asked if not url.startswith((site.server.url, "data:"))] == []


def test_another_site_cannot_act_for_who_is_signed_in(visit: Callable[..., Visitor], site: Site) -> None:
    visitor = visit("Alice")
    form = f'<form method="post" action="{site.server.url}/sign-out"><button>Win</button></form>'
    visitor.context.route("http://elsewhere.example/", lambda route: route.fulfill(body=form, content_type="text/html"))
    visitor.page.goto("http://elsewhere.example/")

    visitor.page.get_by_role("button", name="Win").click()
    visitor.page.wait_for_load_state()

    visitor.open("/models")
    expect(visitor.page.get_by_role("heading", name="Library")).to_be_attached()


def test_signing_out_ends_it(visit: Callable[..., Visitor]) -> None:
    visitor = visit("Alice")
    visitor.page.locator("summary", has_text="You").click()

    visitor.page.get_by_role("button", name="Sign out").click()
    visitor.open("/models")

    expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_visible()
    visitor.page.go_back()
    expect(visitor.page.locator("main.page")).to_have_count(0)


def test_a_wrong_password_is_said_and_the_address_kept(visit: Callable[..., Visitor], site: Site) -> None:
    visitor = visit()
    visitor.open("/sign-in?next=/jobs")
    visitor.page.get_by_label("E-mail").fill(site.email("Alice"))
    visitor.page.get_by_label("Password").fill("not the password")

    visitor.page.get_by_role("button", name="Sign in").click()

    expect(visitor.page.get_by_role("alert")).to_be_visible()
    expect(visitor.page.get_by_label("E-mail")).to_have_value(site.email("Alice"))
    visitor.page.get_by_label("Password").fill(PASSWORD)
    visitor.page.get_by_role("button", name="Sign in").click()
    visitor.page.wait_for_url("**/jobs")
