"""The licence over the API."""

from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.steps import Walk, expect, expect_error


async def test_licence_is_a_text(alice: AsgiClient, charlie: AsgiClient, olga: AsgiClient) -> None:
    assert expect(await alice.call("GET", "/api/license")) == {"companyName": "acme", "processingEngines": "64"}
    expect(await olga.call("PATCH", f"/api/accounting/accounts/{CAST.alice.account_id}", {"processingEngines": 5}))

    assert expect(await alice.call("GET", "/api/license"))["processingEngines"] == "5"
    assert expect(await charlie.call("GET", "/api/license")) == {"companyName": "other", "processingEngines": "64"}


async def test_engines_beyond_the_licence(alice: AsgiClient, olga: AsgiClient, walk: Walk) -> None:
    path = f"/api/models/{await walk.active()}/versions/0.1.0"
    account = f"/api/accounting/accounts/{CAST.alice.account_id}"
    engines = {"minimumParallelCapacity": 2, "maximumParallelCapacity": 65}
    expect_error(await alice.call("PATCH", path, {"processing": engines}), 409, "covers 64 engines")
    expect(await olga.call("PATCH", account, {"processingEngines": 3}))
    engines["maximumParallelCapacity"] = 4
    expect_error(await alice.call("PATCH", f"{path}/processing", engines), 409, "covers 3 engines")
    engines["maximumParallelCapacity"] = 3
    expect(await alice.call("PATCH", f"{path}/processing", engines))

    expect_error(await olga.call("PATCH", account, {"processingEngines": 1}), 409, "echo 0.1.0 (2)")
    assert expect(await alice.call("GET", "/api/license"))["processingEngines"] == "3"
