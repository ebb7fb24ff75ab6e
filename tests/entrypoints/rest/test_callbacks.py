"""Callbacks through the API, to a real receiver."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from modelyard.settings import Settings
from tests.asgi import AsgiClient
from tests.callback_receiver import HOST, Receiver, callback_receiver
from tests.entrypoints.rest.steps import Walk, expect, expect_error, until

SECRET = "whsec_" + base64.b64encode(b"a key of at least 24 bytes").decode()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with callback_receiver() as listening:
        yield listening


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"destinations_allowed": (HOST,), "public_url": "https://us.example"})


async def _submit(client: AsgiClient, model_id: str, callback: Any) -> Any:
    body = {
        "model": {"identifier": model_id, "version": "0.1.0"},
        "input": {"type": "text", "sources": {"only": {"input.txt": "a good day"}}},
        "callback": callback,
    }
    return await client.call("POST", "/api/jobs", body)


async def test_a_receiver_is_told(alice: AsgiClient, walk: Walk, receiver: Receiver) -> None:
    job = expect(await _submit(alice, await walk.active(), {"url": receiver.url, "secret": SECRET}), 202)
    path = f"/api/jobs/{job['jobIdentifier']}"
    shown = expect(await alice.call("GET", path))["callback"]
    assert shown == {"url": receiver.url.partition("?")[0], "state": "waiting", "attempts": 0}
    expect(await alice.call("DELETE", path), 202)
    shown = (await until(alice, path, lambda found: found["callback"]["state"] == "delivered"))["callback"]
    assert (shown["attempts"], shown["lastStatus"]) == (1, 200)
    assert shown["deliveredAt"]
    assert SECRET not in json.dumps(shown)

    [(headers, body)] = receiver.arrived
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(b"a key of at least 24 bytes", signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
    assert json.loads(body)["data"]["links"]["job"] == f"https://us.example{path}"
    assert expect(await alice.call("GET", "/api/jobs/history"))[0]["callback"] == shown


@pytest.mark.parametrize(
    ("callback", "words"),
    [
        ({"url": "http://169.254.169.254/latest"}, "may not connect"),
        ({"url": "http://127.0.0.2:1/"}, "may not connect"),
        ({"url": "ended"}, "http://"),
        ({"url": "https://example.org/", "secret": "short"}, "secret"),
    ],
)
async def test_refused(alice: AsgiClient, walk: Walk, callback: Any, words: str) -> None:
    model_id = await walk.active()
    expect_error(await _submit(alice, model_id, callback), 400, words)
    assert expect(await alice.call("GET", "/api/jobs")) == []
