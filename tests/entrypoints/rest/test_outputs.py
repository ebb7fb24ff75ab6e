"""Single outputs: headers, parts, and who has them already; small ones in the database, large ones in the storage."""

import pytest

from modelyard.app import Platform
from tests.asgi import Answer, AsgiClient
from tests.entrypoints.rest.result_steps import finished_job
from tests.entrypoints.rest.steps import Walk, expect_error
from tests.library import audited

SMALL, LARGE = b"0123456789", bytes(range(256)) * 4_000
"""The large one is sent in pieces."""


@pytest.fixture
async def path(platform: Platform, walk: Walk) -> str:
    """The results of a job whose item `a` has outputs of several kinds."""
    outputs = {
        "small.bin": ("application/octet-stream", SMALL),
        "large.bin": ("application/octet-stream", LARGE),
        "empty.bin": ("application/octet-stream", b""),
        "page.html": ("text/html", b"<script>"),
        "drawing.svg": ("image/svg+xml", b"<svg/>"),
        'bild "ü".png': ("image/*", b"PNG"),
        "odd.xyz1": ("text/plain\r\nx: y", b"odd"),
    }
    return f"/api/results/{await finished_job(platform, await walk.active(), {'a': outputs})}"


async def _ask(client: AsgiClient, path: str, name: str, method: str = "GET", **headers: str) -> Answer:
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    return await client.call(method, f"{path}/datasource/a/output/{name}", headers=sent)


async def test_both_addresses_say_the_same(alice: AsgiClient, path: str) -> None:
    for name, content in (("small.bin", SMALL), ("large.bin", LARGE), ("empty.bin", b"")):
        answer = await _ask(alice, path, name)
        other = await alice.call("GET", f"{path}/a/{name}")
        assert (answer.status, answer.body, answer.body) == (200, content, other.body)
        assert {**answer.headers, "x-request-id": ""} == {**other.headers, "x-request-id": ""}
        assert answer.headers["content-length"] == str(len(content))
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["last-modified"].endswith(" GMT")
        assert answer.headers["etag"].startswith('"')
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "start", "kind"),
    [
        ("small.bin", "attachment", "application/octet-stream"),
        ("page.html", "attachment", "text/html; charset=utf-8"),
        ("drawing.svg", "attachment", "image/svg+xml"),
        ("bild%20%22%C3%BC%22.png", 'inline; filename="bild ___.png"; filename*=UTF-8', "image/png"),
        ("odd.xyz1", "attachment", "application/octet-stream"),
    ],
)
async def test_what_a_browser_is_told(alice: AsgiClient, path: str, name: str, start: str, kind: str) -> None:
    answer = await _ask(alice, path, name)
    assert answer.headers["content-disposition"].startswith(start)
    assert answer.headers["content-type"] == kind


@pytest.mark.parametrize(("name", "content"), [("small.bin", SMALL), ("large.bin", LARGE)])
async def test_parts(alice: AsgiClient, path: str, name: str, content: bytes) -> None:
    size = len(content)
    for asked, start, end in (
        ("bytes=2-4", 2, 5),
        ("bytes=2-", 2, size),
        ("bytes=-3", size - 3, size),
        ("bytes=-99999999", 0, size),
        ("bytes=0-99999999", 0, size),
    ):
        answer = await _ask(alice, path, name, range=asked)
        assert (answer.status, answer.body) == (206, content[start:end])
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
        assert answer.headers["content-length"] == str(end - start)
    for asked in (f"bytes={size}-", "bytes=-0"):
        refused = await _ask(alice, path, name, range=asked)
        expect_error(refused, 416)
        assert refused.headers["content-range"] == f"bytes */{size}"
    for ignored in ("bytes=4-2", "bytes=1-2,4-5", "lines=1-2", "bytes=", "bytes=-", "bytes=x-y", "bytes=" + "9" * 99):
        assert (await _ask(alice, path, name, range=ignored)).status == 200


async def test_an_empty_output_has_no_parts(alice: AsgiClient, path: str) -> None:
    expect_error(await _ask(alice, path, "empty.bin", range="bytes=0-"), 416)
    expect_error(await _ask(alice, path, "empty.bin", range="bytes=-5"), 416)


async def test_conditions(platform: Platform, alice: AsgiClient, path: str) -> None:
    known = (await _ask(alice, path, "small.bin", "HEAD")).headers
    tag, date = known["etag"], known["last-modified"]
    for headers in ({"if_none_match": f'"x", {tag}'}, {"if_none_match": f"W/{tag}"}, {"if_none_match": "*"},
                    {"if_modified_since": date}):  # fmt: skip
        answer = await _ask(alice, path, "small.bin", **headers)
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", tag)
    for headers in ({"if_none_match": '"x"', "if_modified_since": date}, {"if_modified_since": "yesterday"},
                    {"if_modified_since": "Mon, 01 Jan 2001 00:00:00 GMT"}):  # fmt: skip
        assert (await _ask(alice, path, "small.bin", **headers)).status == 200
    for condition, status in ((tag, 206), (date, 206), ('"x"', 200), (f"W/{tag}", 200), ("nonsense", 200)):
        answer = await _ask(alice, path, "small.bin", range="bytes=0-0", if_range=condition)
        assert answer.status == status, condition
    assert len({(await _ask(alice, path, name)).headers["etag"] for name in ("small.bin", "large.bin")}) == 2


async def test_head_downloads_nothing(platform: Platform, alice: AsgiClient, charlie: AsgiClient, path: str) -> None:
    for address in (f"{path}/a/large.bin", f"{path}/datasource/a/output/large.bin"):
        answer = await alice.call("HEAD", address, headers={"range": "bytes=0-1"})  # parts are for GET alone
        assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", str(len(LARGE)))
        assert (await charlie.call("HEAD", address)).status == 404
    assert "results:downloaded" not in await audited(platform.database)


async def test_a_file_that_is_gone_is_the_platforms_fault(platform: Platform, alice: AsgiClient, path: str) -> None:
    await platform.storage.delete_below("outputs")
    message = expect_error(await _ask(alice, path, "large.bin"), 503)
    assert "missing in the storage" in message
