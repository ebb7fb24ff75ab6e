"""The pages of API keys: limits, status, the body that is shown once, and replacing it."""

import re

from tests.asgi import AsgiClient
from tests.cast import CAST, authorization
from tests.entrypoints.rest.steps import expect
from tests.entrypoints.web.forms import look, refused, send, sent_on, words, wrong_at

BOBS = f"/people/keys/{CAST.bob.key_prefix}"
ALICES = f"/profile/keys/{CAST.alice.key_prefix}"


async def test_who_sees_a_key(alice: AsgiClient, bob: AsgiClient, charlie: AsgiClient, olga: AsgiClient) -> None:
    assert "Change it" in words(await look(bob, BOBS))
    assert "Deactivate" not in words(await look(bob, BOBS))
    assert "Deactivate" in words(await look(olga, BOBS))
    for client in (alice, charlie):
        assert "There is no key" in await look(client, BOBS, 404)
        assert (await send(client, BOBS, name="mine")).status == 404
        assert (await send(client, f"{BOBS}/status", status="Inactive")).status == 403


async def test_owners_describe_and_administrators_limit(bob: AsgiClient, olga: AsgiClient) -> None:
    await sent_on(bob, BOBS, name="Laptop <b>", description="at home")
    page = await look(bob, BOBS)
    assert "Laptop &lt;b&gt;" in page
    assert "expiresAt" not in page

    limits = {"isHighPriority": "", "scopes": "jobs:read jobs:submit", "networks": "192.0.2.0/24"}
    await sent_on(olga, BOBS, name="Laptop", description="", expiresAt="2099-01-02T03:04", **limits)
    page = await look(olga, BOBS)
    assert "jobs:submit" in page
    assert "192.0.2.0/24" in page
    assert 'value="2099-01-02T03:04"' in page
    answer = await send(bob, BOBS, name="Laptop", expiresAt="")
    assert answer.status in {401, 403}  # it works from that network only, and may not change its end


async def test_a_limit_that_makes_no_sense_stands_at_its_field(olga: AsgiClient) -> None:
    for field, value in (("scopes", "jobs:fly"), ("networks", "here"), ("expiresAt", "2001-01-01T00:00")):
        fields = {"name": "Key", "isHighPriority": "", "scopes": "", "networks": "", "expiresAt": ""} | {field: value}
        page = await refused(olga, BOBS, 400, **fields)
        assert wrong_at(page, field), field
        assert f'value="{value}"' in page


async def test_deactivating_activating_and_deleting(bob: AsgiClient, olga: AsgiClient) -> None:
    await sent_on(olga, f"{BOBS}/status", status="Inactive")
    assert (await bob.call("GET", "/api/jobs")).status == 401
    await sent_on(olga, f"{BOBS}/status", status="Active")
    expect(await bob.call("GET", "/api/jobs"))

    assert wrong_at(await refused(olga, f"{BOBS}/status", 400, status="Deleted", typed="bob"), "typed")
    await sent_on(olga, f"{BOBS}/status", status="Deleted", typed=CAST.bob.key_prefix)
    assert "deleted" in words(await look(olga, BOBS))
    await refused(olga, f"{BOBS}/status", 400, status="odd")


async def test_replacing_says_what_is_lost_and_shows_the_new_one_once(app: object, alice: AsgiClient) -> None:
    page = await look(alice, f"{ALICES}/replace")
    assert "refused at once" in words(page)
    assert "Jobs submitted with it" in words(page)

    answer = await send(alice, f"{ALICES}/replace")

    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    key = re.search(r"<code>([\w.-]+)</code>", answer.body.decode())
    assert key
    assert f"ApiKey {key[1]}" != authorization(CAST.alice)
    assert (await alice.call("GET", "/api/jobs")).status == 401
    expect(await alice.call("GET", "/api/jobs", headers={"authorization": f"ApiKey {key[1]}"}))


async def test_nobody_else_replaces(charlie: AsgiClient, olga: AsgiClient, alice: AsgiClient) -> None:
    assert "Only the owner" in words(await look(olga, f"{ALICES}/replace"))
    assert (await send(olga, f"{ALICES}/replace")).status == 403
    assert (await send(olga, f"{ALICES}/body")).status == 403
    assert (await send(charlie, f"{ALICES}/replace")).status == 404
    await look(charlie, f"{ALICES}/replace", 404)
    expect(await alice.call("GET", "/api/jobs"))
