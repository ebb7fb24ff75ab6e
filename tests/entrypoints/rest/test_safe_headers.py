"""Headers that make browsers careful are on every answer."""

import pytest

from modelyard.app import Platform
from modelyard.entrypoints.rest.app import create_api
from tests.asgi import AsgiClient

ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.mark.parametrize("path", ["/api/models", "/api/docs", "/static/favicon.svg", "/nothing", "/healthz"])
async def test_every_answer_is_careful(alice: AsgiClient, path: str) -> None:
    headers = (await alice.call("GET", path)).headers

    assert {name: headers.get(name) for name in ALWAYS} == ALWAYS
    assert "strict-transport-security" not in headers


@pytest.mark.parametrize("path", ["/api/models", "/nothing"])
async def test_json_is_no_page_and_is_kept_by_nobody(alice: AsgiClient, path: str) -> None:
    headers = (await alice.call("GET", path)).headers

    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["cache-control"] == "no-store"


async def test_who_comes_by_https_is_told_to_stay_there(platform: Platform) -> None:
    platform.settings = platform.settings.model_copy(update={"public_url": "https://models.example.org"})

    headers = (await AsgiClient(create_api(platform)).call("GET", "/healthz")).headers

    assert headers["strict-transport-security"] == "max-age=31536000"
