"""What a store answers, and what we make of it: a name, without anything that it quoted."""

from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web

from modelyard.adapters.sources.base import (
    AccessDenied,
    ContainerMissing,
    CredentialsExpired,
    CredentialsWrong,
    ObjectMissing,
    S3Access,
    SourceMisconfigured,
    SourceNotReachable,
)
from modelyard.adapters.sources.everywhere import RealSources
from modelyard.core.destination_rules import parse_rules
from modelyard.core.destinations import Destinations
from modelyard.core.errors import PlatformError
from tests.servers import web_server

SECRET = "a-secret-that-nobody-may-see"


@pytest.fixture
async def sources() -> AsyncIterator[RealSources]:
    opened = RealSources(Destinations(allowed=parse_rules(["127.0.0.1"])), None)
    yield opened
    await opened.close()


async def read_from(sources: RealSources, answer: Callable[[int, web.BaseRequest], web.Response]) -> bytes:
    """What comes of an object of a store that answers so; `answer` is told how often it was asked."""
    asked = 0

    async def count(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        return answer(asked, request)

    async with web_server(count) as address:
        access = S3Access("AKIA", SECRET, "us-east-1", f"http://{address}")
        async with sources.objects(access) as objects:
            return b"".join([chunk async for chunk in objects.read("b", "k", most_bytes=100)])


@pytest.mark.parametrize("bucket", ["my bucket", "a\x01b"])
async def test_what_no_request_can_be_made_of(sources: RealSources, bucket: str) -> None:
    async with sources.objects(S3Access("AKIA", SECRET, "us-east-1", "http://127.0.0.1:1")) as objects:
        with pytest.raises(SourceMisconfigured, match="cannot be asked for 'k'"):
            await anext(objects.read(bucket, "k", most_bytes=100))
        with pytest.raises(SourceMisconfigured, match="cannot be asked for"):
            await anext(objects.list(bucket, "folder"))


@pytest.mark.parametrize("key", ["f//b.txt", "f/../b", "f/./b", "f/a\nb"])
async def test_names_that_cannot_be_used_are_told(sources: RealSources, key: str) -> None:
    entries = "".join(
        f"<Contents><Key>{each}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>1</Size></Contents>"
        for each in ("f/good", key.replace("\n", "&#10;"))
    )
    listed = f"<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>"

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text=listed, content_type="application/xml")

    async with web_server(answer) as address:
        access = S3Access("AKIA", SECRET, "us-east-1", f"http://{address}")
        async with sources.objects(access) as objects:
            with pytest.raises(SourceMisconfigured) as caught:
                await anext(objects.list("b", "f"))

    assert f"whose name this server cannot use: {key!r};" in caught.value.message


def error(status: int, code: str) -> web.Response:
    body = f"<Error><Code>{code}</Code><Message>{SECRET}</Message><StringToSign>{SECRET}</StringToSign></Error>"
    return web.Response(status=status, text=body)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "AccessDenied", AccessDenied),
        (403, "SignatureDoesNotMatch", CredentialsWrong),
        (403, "InvalidAccessKeyId", CredentialsWrong),
        (400, "ExpiredToken", CredentialsExpired),
        (401, "NoAuthenticationInformation", CredentialsWrong),
        (404, "NoSuchBucket", ContainerMissing),
        (404, "NoSuchKey", ObjectMissing),
        (400, "AuthorizationHeaderMalformed", SourceMisconfigured),
        (301, "PermanentRedirect", SourceMisconfigured),
        (400, "SomethingElse", SourceMisconfigured),
        (503, "SlowDown", SourceNotReachable),
    ],
)
async def test_answers_have_names(sources: RealSources, status: int, code: str, kind: type[PlatformError]) -> None:
    with pytest.raises(kind) as raised:
        await read_from(sources, lambda *_: error(status, code))

    assert SECRET not in raised.value.message
    assert SECRET not in (raised.value.technical_information or "")


async def test_stores_that_are_busy_are_asked_again(sources: RealSources) -> None:
    data = await read_from(
        sources, lambda asked, _: web.Response(body=b"data") if asked > 2 else error(503, "SlowDown")
    )

    assert data == b"data"


async def test_redirects_lead_nowhere_else(sources: RealSources) -> None:
    def redirect(_: int, request: web.BaseRequest) -> web.Response:
        return web.Response(status=307, headers={"Location": "http://169.254.169.254/latest/meta-data"})

    with pytest.raises(SourceMisconfigured, match="where we do not follow"):
        await read_from(sources, redirect)


async def test_requests_look_as_without_a_proxy(sources: RealSources) -> None:
    seen: list[web.BaseRequest] = []

    def answer(_: int, request: web.BaseRequest) -> web.Response:
        seen.append(request)
        return web.Response(body=b"data")

    assert await read_from(sources, answer) == b"data"

    assert seen[0].raw_path == "/b/k"
    assert "Proxy-Authorization" not in seen[0].headers
    assert "Credential=AKIA/" in seen[0].headers["Authorization"]
