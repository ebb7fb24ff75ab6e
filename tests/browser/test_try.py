"""A version tried in the browser: a text with its words marked, a picture with a mask over it; also without scripts."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from examples.demo.images import EXAMPLES
from tests.browser.conftest import Site
from tests.browser.looking import Visitor

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("browser")]
TEXT = "What a good day, but the food was terrible."
LONG = 60_000
"""Milliseconds: an engine may have to start."""


def test_a_text_is_answered_with_its_words_marked(visit: Callable[..., Visitor], site: Site) -> None:
    visitor = visit("Olga")
    page = visitor.open(site.model_path("sentiment"))
    page.get_by_role("link", name="Try it").first.click()

    page.get_by_role("textbox", name="input.txt").fill(TEXT)
    page.wait_for_load_state()  # keys are heard from then on
    page.keyboard.press("Control+Enter")

    result = page.get_by_role("region", name="Result")
    expect(result.locator("mark.for")).to_contain_text("good", timeout=LONG)
    expect(result.locator("mark.against")).to_contain_text("terrible")
    expect(result).to_contain_text("Waited")
    expect(page.get_by_role("textbox", name="input.txt")).to_have_value(TEXT)
    visitor.picture("try-words-light")
    assert visitor.judge() == []


def test_a_picture_gets_a_mask_over_it(visit: Callable[..., Visitor], site: Site) -> None:
    visitor = visit("Olga", dark=True)
    page = visitor.open(f"{site.model_path('digits')}?part=try")
    page.locator("input[type=file]").set_input_files(EXAMPLES / "digits" / "sample.png")
    expect(page.get_by_alt_text("What you chose")).to_be_visible()

    page.get_by_role("button", name="Run").click()

    mask = page.get_by_role("img", name=re.compile("What counts"))
    expect(mask).to_be_visible(timeout=LONG)
    shown = page.get_by_alt_text("What you put in as image")
    assert shown.evaluate("(image) => image.complete && image.naturalWidth > 0")
    visitor.picture("try-mask-dark")
    assert visitor.judge() == []


def test_it_works_without_scripts(visit: Callable[..., Visitor], site: Site) -> None:
    visitor = visit("Olga", scripts=False)
    page = visitor.open(f"{site.model_path('sentiment')}?part=try")
    page.get_by_role("textbox", name="input.txt").fill("")  # there was the sample
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("Put a text in, or choose a file.")).to_be_visible()

    page.get_by_role("textbox", name="input.txt").fill(TEXT)
    page.get_by_role("button", name="Run").click()

    expect(page.locator("mark.for")).to_contain_text("good", timeout=LONG)  # the page looks again by itself


def test_what_is_too_large_is_not_sent(visit: Callable[..., Visitor], site: Site) -> None:
    page = visit("Olga").open(f"{site.model_path('digits')}?part=try")
    page.locator("input[type=file]").set_input_files(
        files={"name": "large.png", "mimeType": "image/png", "buffer": b"x" * 5_000_000}
    )

    page.get_by_role("button", name="Run").click()

    expect(page.get_by_text("The file has 5 MB; this input takes at most 4 MB.")).to_be_visible()
    assert page.url.endswith("?part=try")
