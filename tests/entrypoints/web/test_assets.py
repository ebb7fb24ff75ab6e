"""What pages load comes from here alone, with addresses that follow the content."""

import re

from modelyard.entrypoints.web.assets import STATIC, asset_address
from tests.asgi import AsgiClient


async def test_a_file_asked_for_by_content_is_kept_for_ever(anybody: AsgiClient) -> None:
    answer = await anybody.call("GET", asset_address("tokens.css"))
    assert answer.status == 200
    assert "immutable" in answer.headers["cache-control"]

    assert "cache-control" not in (await anybody.call("GET", "/static/tokens.css")).headers
    assert (await anybody.call("GET", "/static/nothing.css?v=1")).status == 404


def test_styles_and_templates_name_no_other_server() -> None:
    folder = STATIC.parent
    files = [*STATIC.glob("*.css"), *STATIC.glob("*.js"), *(folder / "templates").glob("*.html")]
    foreign = {
        (file.name, found)
        for file in files
        for found in re.findall(r"""(?:src|href|url\()\s*=?\s*["'(]?(?:https?:)?//[^"')\s]+""", file.read_text())
    }

    assert len(files) > 10
    assert foreign == set()


def test_every_icon_that_is_used_is_there() -> None:
    symbols = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text()))
    templates = "".join(file.read_text() for file in (STATIC.parent / "templates").glob("*.html"))

    assert set(re.findall(r'icon\("([a-z0-9-]+)"\)', templates)) <= symbols
