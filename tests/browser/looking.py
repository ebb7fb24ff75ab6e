"""How tests use the pages: in Chromium, as somebody who is signed in, with an eye on everything that goes wrong."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

ROOT = Path(__file__).parents[2]
AXE = ROOT / ".cache" / "servers" / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = ROOT / "var" / "screenshots"
WIDE, NARROW = 1440, 390
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_JUDGE = """async ([rules]) => {
  const found = await axe.run(document, {runOnly: {type: "tag", values: rules}});
  const shown = (nodes) => nodes.slice(0, 3).map((node) => node.html.slice(0, 300));
  return found.violations.map((one) => [one.id, one.help, shown(one.nodes)]);
}"""
_TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  return document.documentElement.scrollWidth > width ? document.documentElement.scrollWidth - width : 0;
}"""


@dataclass
class Visitor:
    """Somebody with a browser of their own.

    Args:
        problems: what the console said, what did not load, and what a page would have run.
    """

    address: str
    context: BrowserContext
    page: Page
    problems: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Notes from now on what goes wrong."""
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("requestfailed", lambda request: self._note_failure(request.url, request.failure))
        self.page.on("dialog", lambda dialog: self.problems.append(f"dialog: {dialog.message}"))

    def open(self, path: str, status: int = 200) -> Page:
        """Goes there by its address."""
        answer = self.page.goto(self.address + path)
        assert isinstance(answer, Response)
        assert answer.status == status, (path, answer.status, self.page.inner_text("body")[:500])
        return self.page

    def sign_in(self, email: str, password: str) -> None:
        """With the form, as people do."""
        self.open("/sign-in")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(re.compile("/models"))

    def judge(self) -> list[Any]:
        """What axe finds wrong on this page, and how many pixels it is wider than the window."""
        self.page.evaluate(AXE.read_text())  # as a tool of the browser: the page itself may load no such thing
        found: list[Any] = self.page.evaluate(_JUDGE, [RULES])
        too_wide = self.page.evaluate(_TOO_WIDE)
        return found + ([["wider than the window", too_wide]] if too_wide else [])

    def picture(self, name: str, *, full: bool = True) -> Path:
        """A screenshot of the page, to look at after the tests."""
        path = SCREENSHOTS / f"{name}.png"
        self.page.evaluate("scrollTo(0, 0)")  # else what sticks to the window is in the middle of the page
        self.page.screenshot(path=path, full_page=full, animations="disabled")
        return path

    def _hear(self, message: ConsoleMessage) -> None:
        expected = message.type == "error" and "Failed to load resource" in message.text  # a page with an error status
        if message.type in {"error", "warning"} and not expected:
            self.problems.append(f"console: {message.text}")

    def _note_failure(self, url: str, failure: str | None) -> None:
        if failure != "net::ERR_ABORTED":  # left for another page
            self.problems.append(f"not loaded: {url} {failure}")


def new_visitor(
    browser: Browser, address: str, *, width: int = WIDE, dark: bool = False, scripts: bool = True
) -> Visitor:
    """Somebody who is not signed in yet."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
        reduced_motion="reduce",
    )
    context.set_default_timeout(20_000)
    visitor = Visitor(address, context, context.new_page())
    visitor.watch()
    return visitor
