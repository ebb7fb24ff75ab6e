"""Who holds a body back while their rights end, gains nothing: they are asked for again once it is here."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from modelyard.app import Platform
from modelyard.entrypoints.rest.body_memory import SMALL, BodyMemory
from modelyard.entrypoints.rest.requests import LARGEST_OF_STRANGERS, SECONDS_TRUSTED
from tests.asgi import AsgiClient
from tests.cast import CAST, authorization
from tests.entrypoints.rest.steps import expect, expect_error

KEY = f"/api/accounting/access-keys/{CAST.alice.key_prefix}"
Meanwhile = Callable[[], Awaitable[object]]


class _HeldBack:
    """The application, which gets a body's last piece late, after something else has happened."""

    def __init__(self, app: FastAPI, meanwhile: Meanwhile) -> None:
        self._app = app
        self._meanwhile = meanwhile

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def late() -> Message:
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body"):
                await self._meanwhile()
                await asyncio.sleep(SECONDS_TRUSTED + 0.05)
            return message

        await self._app(scope, late, send)


def _alice(app: FastAPI, meanwhile: Meanwhile) -> AsgiClient:
    return AsgiClient(_HeldBack(app, meanwhile), {"authorization": authorization(CAST.alice)})


async def _nothing() -> None:
    """Time passes."""


async def test_a_key_that_was_stopped_creates_nothing(app: FastAPI, platform: Platform, olga: AsgiClient) -> None:
    async def stop() -> None:
        expect(await olga.call("PATCH", KEY, {"status": "Inactive"}))

    body = [b'{"name": "late", ', b'"version": "0.1.0"' + b" " * SMALL + b"}"]
    answer = await _alice(app, stop).call(
        "POST", "/api/models", data=body, headers={"content-type": "application/json"}
    )

    expect_error(answer, 401)
    assert app.state.body_memory == BodyMemory(platform.settings.body_memory_bytes), "it has left the memory"
    assert expect(await olga.call("GET", "/api/models")) == []


async def test_a_role_that_was_taken_away_counts_no_more(app: FastAPI, olga: AsgiClient) -> None:
    async def demote() -> None:
        expect(await olga.call("PUT", f"{KEY}/roles", {"roles": ["AUDITOR"]}))

    expect_error(await _alice(app, demote).call("POST", "/api/models", {"name": "late", "version": "0.1.0"}), 403)


async def test_an_upload_counts_no_more_either(app: FastAPI, alice: AsgiClient, olga: AsgiClient) -> None:
    model = expect(await alice.call("POST", "/api/models", {"name": "echo", "version": "0.1.0"}), 201)["identifier"]

    async def stop() -> None:
        expect(await olga.call("PATCH", KEY, {"status": "Inactive"}))

    path = f"/api/models/{model}/versions/0.1.0/container-image"
    expect_error(await _alice(app, stop).upload(path, b"an image"), 401)

    expect_error(await olga.call("GET", path), 404, "no container image")


async def test_who_still_may_is_only_late(app: FastAPI) -> None:
    expect(await _alice(app, _nothing).call("POST", "/api/models", {"name": "late", "version": "0.1.0"}), 201)


@pytest.mark.parametrize("path", ["/auth/sign-in", "/auth/password-reset", "/auth/invitations/x"])
async def test_strangers_send_small_bodies(anybody: AsgiClient, path: str) -> None:
    body = json.dumps({"email": "x" * LARGEST_OF_STRANGERS, "password": ""}).encode()
    answer = await anybody.call("POST", path, data=body, headers={"content-type": "application/json"})

    expect_error(answer, 413, str(LARGEST_OF_STRANGERS))
