"""The documentation that comes with the program, as HTML: written by us, so it is trusted."""

import itertools
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

import modelyard

HOME = "/guides"
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Deploy models": (
        "guide/deploying-in-a-browser",
        "guide/deploying",
        "guide/test-reports",
        "guide/model-cards",
        "guide/pictures-and-tags",
    ),
    "Find and run models": (
        "guide/library",
        "guide/trying-models",
        "guide/run-from-the-shell",
        "guide/sending-inputs",
        "guide/uploads",
        "guide/results",
        "guide/job-callbacks",
        "guide/python-client",
        "guide/command-line",
    ),
    "Run the platform": (
        "guide/people-and-access",
        "guide/engines",
        "guide/operations",
        "guide/when-things-fail",
        "guide/retention",
        "guide/postgresql",
        "guide/moving",
    ),
    "Look things up": (
        "glossary",
        "reference/command-line",
        "reference/settings",
        "reference/permissions",
        "reference/json-schemas",
        "reference/contract-diff",
    ),
}
"""What the list of guides shows, and in which order. Decisions are found through the guides that name them."""
_PARSER = MarkdownIt("commonmark", {"html": False}).enable("table")
_NO_LETTERS = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Guide:
    """One of them.

    Args:
        name: its path below `docs`, without the ending.
        summary: its first sentence, as plain text.
        html: everything below the title.
    """

    name: str
    title: str
    summary: str
    html: str

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"{HOME}/{self.name}"


def grouped_guides() -> dict[str, list[Guide]]:
    """Those of the list, by the titles of their groups."""
    guides = read_guides()
    return {title: [guides[name] for name in names if name in guides] for title, names in GROUPS.items()}


@cache
def read_guides() -> dict[str, Guide]:
    """All that there are, by their names."""
    directory = _directory()
    paths = sorted(directory.rglob("*.md"))
    names = {path.relative_to(directory).with_suffix("").as_posix(): path for path in paths}
    return {name: _read(name, path.read_text(encoding="utf-8"), frozenset(names)) for name, path in names.items()}


def _directory() -> Path:
    """Within an installed package, or beside the sources."""
    package = Path(modelyard.__file__).parent
    packaged = package / "docs"
    return packaged if packaged.is_dir() else package.parents[1] / "docs"


def _read(name: str, markdown: str, known: frozenset[str]) -> Guide:
    tokens = _PARSER.parse(markdown)
    title, body = tokens[1].content, tokens[3:]  # a heading is three tokens: its beginning, its text, its end
    for token in body:
        for link in (child for child in token.children or [] if child.type == "link_open"):
            link.attrs["href"] = _target(name, str(link.attrs["href"]), known)
    for heading, inline in itertools.pairwise(body):
        if heading.type == "heading_open":
            heading.attrs["id"] = _anchor_of(_plain(inline))
    return Guide(name, title, _first_sentence(body), _rendered(body))


def _target(here: str, href: str, known: frozenset[str]) -> str:
    """Where a link of a guide leads within the application."""
    path, mark, anchor = href.partition("#")
    if "://" in path or not path:
        return href
    name, ending = posixpath.splitext(posixpath.normpath(posixpath.join(posixpath.dirname(here), path)))
    return f"{HOME}/{name}{mark}{anchor}" if ending == ".md" and name in known else HOME


def _anchor_of(heading: str) -> str:
    """The fragment under which a heading is found, as usual for Markdown."""
    return _NO_LETTERS.sub("", heading.lower()).replace(" ", "-")


def _plain(inline: Token) -> str:
    return "".join(
        child.content or " " for child in inline.children or [] if child.content or child.type == "softbreak"
    )


def _first_sentence(tokens: list[Token]) -> str:
    first = next((after for before, after in itertools.pairwise(tokens) if before.type == "paragraph_open"), None)
    return re.split(r"(?<=[.:]) ", _plain(first), maxsplit=1)[0].rstrip(":") if first else ""


def _rendered(tokens: list[Token]) -> str:
    """Tables can be scrolled by themselves, and by keys."""
    html: str = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return html.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace("</table>", "</table></div>")
