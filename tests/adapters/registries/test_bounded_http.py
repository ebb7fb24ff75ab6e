"""Redirects keep credentials at home and lead nowhere dangerous; answers end."""

import pytest
from aiohttp import web

from modelyard.adapters.registries.base import AddressForbidden, RegistryFailed, RegistryRefused, RegistryUnreachable
from modelyard.adapters.registries.http_registry import CONFIG_LIMIT, MANIFEST_LIMIT
from tests.adapters.registries.scripted import IMAGE, always, describe, good_answer, guarded_registry
from tests.servers import web_server


async def test_redirect_keeps_credentials_at_home() -> None:
    elsewhere: list[web.BaseRequest] = []

    async def store(request: web.BaseRequest) -> web.StreamResponse:
        elsewhere.append(request)
        return web.Response(body=IMAGE.config)

    async with web_server(store) as other:

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            if "Authorization" not in request.headers:
                return web.Response(status=401, headers={"WWW-Authenticate": "Basic"})
            if "/blobs/" in request.path:
                return web.Response(status=307, headers={"Location": f"http://{other}/somewhere?signature=%2F"})
            return good_answer(request)

        async with web_server(handle) as address:
            await describe(address, other, user="alice")
    assert "Authorization" not in elsewhere[0].headers
    assert elsewhere[0].path_qs == "/somewhere?signature=/"


async def test_other_hosts_get_no_answer_to_their_challenge() -> None:
    seen: list[web.BaseRequest] = []
    async with guarded_registry("Basic", "never", seen) as other:
        headers = {"Location": f"http://{other}/"}
        async with web_server(always(lambda: web.Response(status=302, headers=headers))) as address:
            with pytest.raises(RegistryRefused):
                await describe(address, other, user="alice")
    assert [request.headers.get("Authorization") for request in seen] == [None]


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("http://169.254.169.254/latest/meta-data", AddressForbidden),
        ("http://127.0.0.1:22/", AddressForbidden),
        ("http://[::ffff:127.0.0.1]:22/", AddressForbidden),
        ("http://localhost:22/", AddressForbidden),
        ("file:///etc/passwd", RegistryFailed),
        ("gopher://x/", RegistryFailed),
        ("http://u:p@x.example/", RegistryFailed),
        ("http://[", RegistryFailed),
        ("", RegistryFailed),
        ("/again", RegistryFailed),
    ],
)
async def test_hostile_redirects(location: str, expected: type[Exception]) -> None:
    headers = {"Location": location}
    async with web_server(always(lambda: web.Response(status=302, headers=headers))) as address:
        with pytest.raises(expected):
            await describe(address, user="alice")


@pytest.mark.parametrize(("part", "limit"), [("/manifests/", MANIFEST_LIMIT), ("/blobs/", CONFIG_LIMIT)])
async def test_endless_answers(part: str, limit: int) -> None:
    sent = 0

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal sent
        if part not in request.path:
            return good_answer(request)
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(bytes(65536))
            sent += 65536

    async with web_server(handle) as address:
        with pytest.raises(RegistryFailed, match="more than"):
            await describe(address)
    assert sent < limit + 16 * 1024 * 1024


async def test_plain_http_where_https_belongs() -> None:
    """Only a redirect leads to https on this machine, for declared registries are asked without."""
    async with web_server(always(web.Response)) as plain:
        headers = {"Location": f"https://{plain}/"}
        async with web_server(always(lambda: web.Response(status=302, headers=headers))) as address:
            with pytest.raises(RegistryUnreachable, match="https"):
                await describe(address, plain)
