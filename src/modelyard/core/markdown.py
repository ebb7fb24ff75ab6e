"""Markdown of strangers as HTML that is safe to show."""

from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

LONGEST_RENDERED = 30_000
"""Characters; a text that is longer is shown as it was written, as rendering takes more than its share of time."""
_MOST_REMEMBERED = 64
_MOST_CELLS = 10_000
"""A row of a table gets all its columns, however short it is written: a small text could have very many."""
_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "code", "em", "strong", "s", "a"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}


@lru_cache(maxsize=_MOST_REMEMBERED)
def render(markdown: str) -> str:
    """CommonMark with tables as HTML: no scripts, styles, pictures or other things that act or load."""
    if len(markdown) > LONGEST_RENDERED:
        return f"<pre>{escape(markdown)}</pre>"
    parser = _WITH_TABLES if _most_cells(markdown) <= _MOST_CELLS else _WITHOUT_TABLES
    return nh3.clean(
        parser.render(markdown),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="nofollow noopener noreferrer",
    )


def _picture(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, environment: Any) -> str:
    """What a picture shows, in words: loading it would tell its server who reads the page."""
    return escape(self.renderInlineAsText(tokens[index].children or [], options, environment))


def _most_cells(markdown: str) -> int:
    lines = markdown.splitlines()
    return len(lines) * max((line.count("|") for line in lines), default=0)


def _parser(*rules: str) -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", *rules])
    made.add_render_rule("image", _picture)
    return made


_WITH_TABLES, _WITHOUT_TABLES = _parser("table"), _parser()
