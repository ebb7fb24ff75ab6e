"""Who fishes for passwords gets none."""

import json

import pytest
from aiohttp import web

from modelyard.adapters.registries.base import AddressForbidden, RegistryFailed, RegistryRefused, RegistryUnreachable
from tests.adapters.registries.scripted import (
    IMAGE,
    PASSWORD,
    describe,
    guarded_registry,
    token_server,
)
from tests.servers import basic_authorization


@pytest.mark.parametrize("name", ["token", "access_token"])
async def test_token_flow(name: str) -> None:
    asked: list[web.BaseRequest] = []
    seen: list[web.BaseRequest] = []
    async with token_server(asked, json.dumps({name: "abc.def"})) as tokens:
        challenge = f'Bearer realm="http://{tokens}/token?x=1",service="here, there",scope="repository:other:push"'
        async with guarded_registry(challenge, "Bearer abc.def", seen) as address:
            found = await describe(address, tokens, user="alice")
    assert found.digest == IMAGE.digest
    assert dict(asked[0].query) == {"x": "1", "service": "here, there", "scope": "repository:team/model:pull"}
    assert asked[0].headers["Authorization"] == basic_authorization("alice", PASSWORD)
    assert [request.headers.get("Authorization") for request in seen] == [None, "Bearer abc.def", "Bearer abc.def"]
    assert len(asked) == 1


async def test_anonymous_token() -> None:
    asked: list[web.BaseRequest] = []
    async with (
        token_server(asked, '{"token":"t"}') as tokens,
        guarded_registry(f'Bearer realm="http://{tokens}/"', "Bearer t", []) as address,
    ):
        await describe(address, tokens)
    assert "Authorization" not in asked[0].headers


@pytest.mark.parametrize(
    "document", ["{}", "[]", "x", '{"token":""}', '{"token":"a\\r\\nX-Evil: 1"}', '{"token":1}', "[" * 100_000]
)
async def test_useless_tokens(document: str) -> None:
    async with (
        token_server([], document) as tokens,
        guarded_registry(f'Bearer realm="http://{tokens}/"', "Bearer t", []) as address,
    ):
        with pytest.raises(RegistryFailed, match="usable token"):
            await describe(address, tokens, user="alice")


@pytest.mark.parametrize(
    ("realm", "expected"),
    [
        ("", RegistryFailed),
        ("ftp://x/", RegistryFailed),
        ("file:///etc/passwd", RegistryFailed),
        ("//x", RegistryFailed),
        ("http://[", RegistryFailed),
        ("http://u:p@x.example/", RegistryFailed),
        ("http://169.254.169.254/latest", AddressForbidden),
        ("https://[fe80::1]/", AddressForbidden),
        ("http://127.0.0.1:1/", AddressForbidden),
        ("http://localhost:1/", AddressForbidden),
        ("http://0/", Exception),
        ("http://2130706433/", Exception),
    ],
)
async def test_hostile_realms(realm: str, expected: type[Exception]) -> None:
    async with guarded_registry(f'Bearer realm="{realm}"', "Bearer t", []) as address:
        with pytest.raises(expected) as failed:
            await describe(address, user="alice")
    assert isinstance(failed.value, AddressForbidden | RegistryFailed | RegistryUnreachable)


async def test_basic() -> None:
    seen: list[web.BaseRequest] = []
    expected = basic_authorization("alice", PASSWORD)
    async with guarded_registry('Basic realm="x"', expected, seen) as address:
        await describe(address, user="alice")
    assert seen[0].headers.get("Authorization") is None


@pytest.mark.parametrize("challenge", ['Basic realm="x"', "Negotiate", ""])
@pytest.mark.parametrize("user", ["", "alice"])
async def test_refused_without_repeating_the_password(challenge: str, user: str) -> None:
    async with guarded_registry(challenge, "Basic other", []) as address:
        with pytest.raises(RegistryRefused) as refused:
            await describe(address, user=user)
    text = f"{refused.value!r} {refused.value.message} {refused.value.technical_information}"
    assert PASSWORD not in text
    assert basic_authorization("alice", PASSWORD).split()[1] not in text
