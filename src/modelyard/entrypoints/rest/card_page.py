"""A model card as one page of HTML that loads nothing and runs nothing."""

import base64
import hashlib
from collections.abc import Sequence
from html import escape

from modelyard.core.markdown import render
from modelyard.domain.models.card_export import CardSheet

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;"
    "background:#fff;overflow-wrap:anywhere}h1,h2{line-height:1.2}h2{border-bottom:1px solid #d0d7de}"
    "table{border-collapse:collapse}th,td{border:1px solid #d0d7de;padding:.25rem .6rem;text-align:left}"
    "pre{white-space:pre-wrap;background:#f6f8fa;padding:.6rem}.about{color:#57606a}"
)
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
HEADERS = {"Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'; sandbox", "Cache-Control": "no-store"}
"""The policy stands in the page as well, for when it is saved; the rest of it holds only in a header."""


def card_page(sheet: CardSheet) -> str:
    """The whole page."""
    version = sheet.state.version
    about = f"{version.model.author} · {version.model_id} · revision {sheet.state.number} of the card"
    parts = [
        f"<h1>{escape(sheet.title)}</h1>",
        f'<p class="about">{escape(about)}</p>',
        f"<p>{escape(version.model.description)}</p>" if version.model.description else "",
        *(f"<h2>{escape(heading)}</h2>\n{render(text)}" for heading, text in sheet.sections),
        *(f"<h2>{escape(heading)}</h2>\n{_table(columns, rows)}" for heading, columns, rows in sheet.tables),
    ]
    head = (
        '<meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(sheet.title)}</title><style>{_STYLE}</style>"
    )
    body = "\n".join(filter(None, parts))
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    lines = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{lines}</tbody></table>"
