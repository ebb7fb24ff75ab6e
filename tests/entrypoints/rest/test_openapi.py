"""The OpenAPI document: valid, complete, browsable without the internet, and true under generated requests."""

import asyncio
import re
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error

from tests.asgi import Answer, AsgiClient
from tests.entrypoints.rest.steps import Walk, expect

Call = Callable[[requests.PreparedRequest], Answer]
EXAMPLES = 8
"""Requests of each route."""


async def test_every_route_has_a_summary_and_a_tag(app: FastAPI) -> None:
    document = app.openapi()
    routes = {
        f"{method.upper()} {path}": route
        for path, methods in document["paths"].items()
        for method, route in methods.items()
    }

    assert len(routes) > 25
    assert [name for name, route in routes.items() if not route.get("summary") or not route.get("tags")] == []
    identifiers = [route["operationId"] for route in routes.values()]
    assert len(set(identifiers)) == len(identifiers)


async def test_document_is_served_as_json(anybody: AsgiClient) -> None:
    document = expect(await anybody.call("GET", "/api/openapi.json"))

    assert document["openapi"].startswith("3.")
    assert document["info"]["title"] == "modelyard"
    schemathesis.openapi.from_dict(document).validate()


async def test_docs_page_needs_nothing_from_elsewhere(anybody: AsgiClient) -> None:
    page = await anybody.call("GET", "/api/docs")
    addresses = re.findall(r"""(?:href|src)=["']([^"']+)["']""", page.body.decode())

    assert page.status == 200
    assert "script-src 'self' 'sha256-" in page.headers["content-security-policy"]
    assert "/api/openapi.json" in page.body.decode()
    assert b"http://" not in page.body
    assert b"https://" not in page.body
    assert len(addresses) >= 3
    for address in addresses:
        assert address.startswith("/static/")
        assert (await anybody.call("GET", address)).status == 200


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_generated_requests_never_make_the_server_fail(app: FastAPI, alice: AsgiClient, walk: Walk) -> None:
    known = {"model_id": await walk.active(), "version": "0.1.0"}
    loop = asyncio.get_running_loop()

    def call(prepared: requests.PreparedRequest) -> Answer:
        return asyncio.run_coroutine_threadsafe(_send(alice, prepared), loop).result(30)

    await asyncio.to_thread(_explore, app.openapi(), known, call)


def _explore(document: dict[str, Any], known: dict[str, str], call: Call) -> None:
    """Sends generated requests to every route, half of them for a model and version that are there."""
    schema = schemathesis.openapi.from_dict(document)
    for found in schema.get_all_operations():

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=_operation(found).as_strategy(), is_known=st.booleans())
        def explore(case: schemathesis.Case[Any], is_known: bool) -> None:
            if is_known:
                case.path_parameters |= {name: known[name] for name in known if name in case.path_parameters}
            kwargs = case.as_transport_kwargs(base_url="http://testserver")
            names = ("method", "url", "params", "data", "json", "files", "headers")
            prepared = requests.Request(**{name: kwargs.get(name) for name in names}).prepare()
            answer = call(prepared)
            headers = {name: [value] for name, value in answer.headers.items()}
            response = schemathesis.Response(
                answer.status, headers, answer.body, prepared, elapsed=0.0, verify=False, encoding="utf-8"
            )
            case.validate_response(response, checks=[not_a_server_error])

        explore()


def _operation(found: Any) -> Any:
    return found.ok()


async def _send(client: AsgiClient, prepared: requests.PreparedRequest) -> Answer:
    parts = urlsplit(str(prepared.url))
    body = prepared.body or b""
    data = body.encode() if isinstance(body, str) else cast(bytes, body)
    media_type = cast(str | None, prepared.headers.get("content-type"))
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    return await client.call(str(prepared.method), target, data=data, headers={"content-type": media_type})
