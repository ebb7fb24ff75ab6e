"""A model deployed in the browser, from its archive until it is active and has answered."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.browser.looking import Visitor

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("browser")]
LONG = 90_000
"""Milliseconds for what a container does."""


def test_from_an_archive_to_an_active_model(visit: Callable[..., Visitor], site: Site, tmp_path: Path) -> None:
    archive, sample = tmp_path / "image.tar", tmp_path / "sample.txt"
    subprocess.run(["podman", "save", "--quiet", "-o", str(archive), "localhost/modelyard/sentiment:1.0.0"], check=True)
    sample.write_text("What a good day.")
    visitor = visit("Alice")
    page = visitor.open("/models")
    page.get_by_role("link", name="Deploy").click()

    page.get_by_label("Name", exact=True).fill("Moods")
    page.get_by_label("First version").fill("0.1.0")
    page.get_by_label("Summary").fill("Says how a text sounds.")
    page.get_by_role("button", name="Create it").click()

    _to(page, "image")
    page.locator("input[type=file]").set_input_files(archive)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("The image is here")).to_be_visible(timeout=LONG)
    seen(visitor, "image")

    _to(page, "resources")
    page.get_by_role("radio").first.check()
    page.get_by_label("Until the model is ready").fill("60")
    page.get_by_label("For one run").fill("20")
    seen(visitor, "resources")
    page.get_by_role("button", name="Save and continue").click()

    _to(page, "contract")
    page.locator('[name="inputs[0].name"]').fill("input.txt")
    page.locator('[name="inputs[0].acceptedMediaTypes"]').fill("text/plain")
    page.locator('[name="inputs[0].maximumSize"]').fill("64 kB")
    page.locator('[name="outputs[0].name"]').fill("results.json")
    page.locator('[name="outputs[0].mediaType"]').fill("application/json")
    page.locator('[name="outputs[0].maximumSize"]').fill("1 MB")
    seen(visitor, "contract")
    page.get_by_role("button", name="Save and continue").click()

    _to(page, "load-test")
    page.get_by_role("button", name="Start the load test").click()
    expect(page.get_by_text("The model was loaded")).to_be_visible(timeout=LONG)
    seen(visitor, "load-test")

    _to(page, "test-files")
    page.locator("input[type=file]").first.set_input_files(sample)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("button", name="Replace the file")).to_be_visible()

    _to(page, "run-test")
    page.get_by_role("button", name=re.compile("run test")).click()
    expect(page.get_by_role("link", name=re.compile("Download"))).to_be_visible(timeout=LONG)
    expect(page.locator("#steps")).to_contain_text(re.compile(r"Run test\s*done"))
    seen(visitor, "run-test")

    _to(page, "deploy")
    seen(visitor, "deploy")
    page.get_by_role("button", name="Deploy").click()
    expect(page.get_by_text("is active")).to_be_visible()
    page.get_by_role("link", name="Look at its page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Moods")


def _to(page: Page, panel: str) -> None:
    """To a panel by its address, as one who comes back does; what was typed before is there."""
    page.wait_for_load_state()
    expect(page).to_have_url(re.compile(r"/deploy/\w+/0\.1\.0"))
    base = re.sub(r"(/deploy/\w+/0\.1\.0).*", r"\1", page.url)
    page.goto(f"{base}/{panel}")


def seen(visitor: Visitor, panel: str) -> None:
    """Nothing is wrong with the page."""
    visitor.picture(f"deploy-{panel}-light")
    assert visitor.judge() == []


def test_what_is_typed_and_not_saved_is_not_left_without_a_warning(visit: Callable[..., Visitor]) -> None:
    visitor = visit("Alice")
    page = visitor.open("/deploy")
    page.get_by_label("Name", exact=True).fill("Unsaved")
    page.get_by_role("button", name="Create it").click()
    _to(page, "words")
    page.get_by_label("Description", exact=True).press_sequentially("Half a sentence")

    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("link", name=re.compile("Hardware")).click()
    expect(page.get_by_label("Description", exact=True)).to_have_value("Half a sentence")
    assert visitor.problems == ["dialog: "], "the browser has words of its own"
    page.get_by_role("button", name="Save and continue").click()
    expect(page).to_have_url(re.compile("/card$"))
    page.get_by_role("link", name=re.compile("Hardware")).click()
    expect(page).to_have_url(re.compile("/resources"))
    assert visitor.problems.pop() == "dialog: "
    assert visitor.problems == []


def test_who_may_not_deploy_has_no_button(visit: Callable[..., Visitor]) -> None:
    visitor = visit("Bob")

    page = visitor.open("/models")

    expect(page.get_by_role("link", name="Deploy")).to_have_count(0)
    visitor.open("/deploy", 403)
