"""The page that shows what the API takes and gives."""

import base64
import hashlib
import re
from functools import cache

from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse, Response


async def show_docs(_request: object) -> Response:
    """Swagger UI, with all its files from here."""
    text, policy = _made()
    return HTMLResponse(text, headers={"Content-Security-Policy": policy})


@cache
def _made() -> tuple[bytes, str]:
    """The page, and under what it runs: the script that stands in it, and files of ours."""
    text = bytes(
        get_swagger_ui_html(
            openapi_url="/api/openapi.json",
            title="modelyard API",
            swagger_js_url="/static/swagger-ui/swagger-ui-bundle.js",
            swagger_css_url="/static/swagger-ui/swagger-ui.css",
            swagger_favicon_url="/static/favicon.svg",
        ).body
    )
    (script,) = re.findall(rb"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'self' 'sha256-{digest}'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    return text, policy
