"""Markdown of strangers as HTML that is safe to show."""

from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

LONGEST_RENDERED = 50_000
"""Characters; a text that is longer is shown as it was written, as rendering takes more than its share of time."""
_MOST_REMEMBERED = 64
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
    return nh3.clean(
        _PARSER.render(markdown),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="nofollow noopener noreferrer",
    )


def _picture(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, environment: Any) -> str:
    """What a picture shows, in words: loading it would tell its server who reads the page."""
    return escape(self.renderInlineAsText(tokens[index].children or [], options, environment))


_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_PARSER.add_render_rule("image", _picture)
