"""Registries that lie or stall, and addresses that are none of our business."""

import asyncio
import json
import time

import pytest
from aiohttp import web

from modelyard.adapters.registries.base import (
    AddressForbidden,
    ImageMissing,
    Reference,
    RegistryFailed,
    RegistryRefused,
    RegistryUnreachable,
)
from modelyard.adapters.registries.http_registry import HttpRegistry
from tests.adapters.registries.scripted import (
    IMAGE,
    always,
    describe,
    good_answer,
)
from tests.servers import digest_of, web_server


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (404, ImageMissing),
        (401, RegistryRefused),
        (403, RegistryRefused),
        (429, RegistryUnreachable),
        (502, RegistryUnreachable),
        (503, RegistryUnreachable),
        (500, RegistryFailed),
        (400, RegistryFailed),
        (204, RegistryFailed),
        (304, RegistryFailed),
    ],
)
async def test_statuses(status: int, expected: type[Exception]) -> None:
    async with web_server(always(lambda: web.Response(status=status))) as address:
        with pytest.raises(expected):
            await describe(address)


_LAYERS = {"config": {"digest": digest_of(b""), "size": 0}, "layers": []}


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"<html>",
        b"null",
        b"[]",
        b"{}",
        b"[" * 1_000_000,
        b'{"x":' * 500_000,
        b"\xff\xfe",
        json.dumps({"schemaVersion": 1, "fsLayers": []}).encode(),
        json.dumps({"schemaVersion": 2}).encode(),
        json.dumps({"schemaVersion": 2, "manifests": []}).encode(),
        json.dumps({"schemaVersion": 2, "manifests": [], **_LAYERS}).encode(),
        json.dumps({"schemaVersion": 2, "config": {"digest": "../../x", "size": 1}, "layers": []}).encode(),
        json.dumps({"schemaVersion": 2, "config": {"digest": digest_of(b"") + "\n", "size": 1}, "layers": []}).encode(),
        json.dumps({"schemaVersion": 2, "config": {"digest": digest_of(b""), "size": -1}, "layers": []}).encode(),
        json.dumps({"schemaVersion": 2, **_LAYERS, "layers": [_LAYERS["config"]] * 1001}).encode(),
        json.dumps(
            {"schemaVersion": 2, "layers": [], "config": {"digest": digest_of(b""), "size": 0, "mediaType": "helm"}}
        ).encode(),
    ],
)
async def test_manifests_that_are_none(manifest: bytes) -> None:
    async with web_server(always(lambda: web.Response(body=manifest))) as address:
        with pytest.raises(RegistryFailed):
            await describe(address)


async def test_digest_of_manifest_is_checked() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return good_answer(request)

    async with web_server(handle) as address:
        registry = HttpRegistry(frozenset({address}))
        with pytest.raises(RegistryFailed, match="bytes that are not"):
            await registry.describe(registry.parse(f"{address}/a@{digest_of(b'other')}"))
        found = await registry.describe(registry.parse(f"{address}/a@{IMAGE.digest}"))
        assert found.digest == IMAGE.digest


async def test_digest_of_configuration_is_checked() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=b"{}") if "/blobs/" in request.path else good_answer(request)

    async with web_server(handle) as address:
        with pytest.raises(RegistryFailed, match="bytes that are not"):
            await describe(address)


async def test_digest_that_the_registry_says_is_checked() -> None:
    headers = {"Docker-Content-Digest": digest_of(b"other")}
    async with web_server(always(lambda: web.Response(body=IMAGE.manifest, headers=headers))) as address:
        with pytest.raises(RegistryFailed, match="bytes that are not"):
            await describe(address)


async def test_stalling_registry() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.05)

    async with web_server(handle) as address:
        started = time.monotonic()
        with pytest.raises(RegistryUnreachable, match="in time"):
            await describe(address, seconds=0.5)
        assert time.monotonic() - started < 2


async def test_server_that_says_nothing() -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(RegistryUnreachable, match="cannot be reached"):
            await describe(f"127.0.0.1:{port}")


async def test_unknown_name() -> None:
    registry = HttpRegistry()
    with pytest.raises(RegistryUnreachable):
        await registry.describe(registry.parse("no-such-registry.invalid/a:1"))


@pytest.mark.parametrize(
    "url",
    [
        "169.254.169.254/a:1",
        "https://169.254.169.254/v2/a/manifests/1",
        "127.0.0.1:5000/a",
        "localhost/a",
        "localhost:5000/a",
        "[::1]:5000/a",
        "[::ffff:127.0.0.1]:80/a",
        "0.0.0.0/a",
    ],
)
def test_parse_refuses_forbidden_addresses(url: str) -> None:
    with pytest.raises(AddressForbidden):
        HttpRegistry(frozenset({"127.0.0.1:5001"})).parse(url)


@pytest.mark.parametrize("registry", ["localhost:5000", "127.0.0.1:5000", "169.254.169.254"])
async def test_describe_refuses_forbidden_addresses(registry: str) -> None:
    with pytest.raises(AddressForbidden):
        await HttpRegistry().describe(Reference(registry, "a", "1", None))


def test_insecure_without_port_means_80() -> None:
    registry = HttpRegistry(frozenset({"registry.local:80", "Upper.local:5000"}))
    assert registry.is_insecure(registry.parse("registry.local/a"))
    assert registry.is_insecure(registry.parse("upper.local:5000/a"))
    assert not registry.is_insecure(registry.parse("registry.local:5000/a"))
