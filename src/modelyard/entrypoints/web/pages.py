"""Makes pages out of templates, with headers under which a browser runs and loads nothing but what is ours."""

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from modelyard.core.markdown import render
from modelyard.entrypoints.web import wording
from modelyard.entrypoints.web.assets import asset_address

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals |= {"asset": asset_address}
_TEMPLATES.filters |= {
    "ago": wording.ago,
    "exact": wording.exact,
    "minute": wording.minute,
    "count": wording.count,
    "things": wording.things,
    "size": wording.size,
    "enumerate": enumerate,
    "json": lambda value: json.dumps(value, ensure_ascii=False),
    "duration": wording.duration,
    "roughly": wording.roughly,
    "rate": wording.rate,
    "initials": wording.initials,
    "handle": wording.handle,
    "browser": wording.browser,
    "moment": wording.moment,
    "markdown": lambda text: Markup(render(text)),  # noqa: S704 - render leaves nothing that acts or loads
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def page(template: str, status: int = 200, **values: Any) -> Response:
    """A page; values are escaped where the template shows them."""
    return HTMLResponse(_TEMPLATES.get_template(template).render(values), status, headers=_HEADERS)
