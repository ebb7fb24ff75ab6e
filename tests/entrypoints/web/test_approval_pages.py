"""Approval where an account asks for it: asked for in the wizard, given or refused on a page of its own."""

import re

import pytest
from sqlalchemy import update

from modelyard.app import Platform
from modelyard.domain.accounts.tables import Account
from modelyard.domain.models.tables import Version
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.web.deploying import moved
from tests.entrypoints.web.forms import BROWSER, links, look, send, words
from tests.library import TEXT_INPUT, add_model, describe, read_version_row

HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
async def model_id(alice: AsgiClient, platform: Platform) -> str:
    """A model of Alice whose version waits for Olga."""
    async with platform.database.write() as session:
        (await session.get_one(Account, CAST.alice.account_id)).approval_roles = ["ACCOUNT_ADMIN"]
    found = await add_model(platform.database, CAST.alice)
    await describe(platform.database, found)
    here = f"/deploy/{found}/0.1.0/deploy"
    assert "Ask for approval" in await look(alice, here)
    assert await moved(await send(alice, here, status="active")) == here
    return found


async def test_the_wizard_says_what_it_waits_for(alice: AsgiClient, model_id: str) -> None:
    page = words(await look(alice, f"/deploy/{model_id}/0.1.0/deploy"))

    assert "It becomes active when ACCOUNT_ADMIN has said yes" in page
    assert "Withdraw the request" in page


async def test_the_approver_sees_it_and_says_yes(olga: AsgiClient, platform: Platform, model_id: str) -> None:
    page = await look(olga, "/approvals")
    assert f"/models/{model_id}/0.1.0" in links(page)

    assert await moved(await send(olga, f"/approvals/{model_id}/0.1.0", decision="approved")) == "/approvals"
    assert (await read_version_row(platform.database, model_id)).status == "active"
    assert "Nothing waits for you" in await look(olga, "/approvals")


async def test_the_approver_sees_whom_it_breaks(
    alice: AsgiClient, olga: AsgiClient, platform: Platform, model_id: str
) -> None:
    await moved(await send(olga, f"/approvals/{model_id}/0.1.0", decision="approved"))
    await moved(await send(alice, f"/deploy/{model_id}", version="0.2.0", source="0.1.0", image="yes"))
    async with platform.database.write() as session:
        await session.execute(
            update(Version)
            .where(Version.version == "0.2.0")
            .values(inputs=[TEXT_INPUT | {"name": "other"}], load_passed=True, run_passed=True)
        )
    await moved(await send(alice, f"/deploy/{model_id}/0.2.0/deploy", status="active"))

    assert "Compared with 0.1.0" in words(await look(olga, "/approvals"))


async def test_what_changed_since_the_page_was_shown_is_looked_at_again(
    alice: AsgiClient, olga: AsgiClient, platform: Platform, model_id: str
) -> None:
    old = re.findall(r'name="seen" value="([^"]+)"', await look(olga, "/approvals"))
    await moved(await send(alice, f"/deploy/{model_id}/0.1.0/words", description="Another.", longDescription="Text."))

    answer = await send(olga, f"/approvals/{model_id}/0.1.0", decision="approved", seen=old[0])
    page = answer.body.decode()
    assert (answer.status, "has changed since you looked at it" in words(page)) == (409, True)
    assert (await read_version_row(platform.database, model_id)).status == "partial"

    (new,) = re.findall(r'name="seen" value="([^"]+)"', page)
    await moved(await send(olga, f"/approvals/{model_id}/0.1.0", decision="approved", seen=new))
    assert (await read_version_row(platform.database, model_id)).status == "active"


async def test_a_no_needs_a_reason(alice: AsgiClient, olga: AsgiClient, platform: Platform, model_id: str) -> None:
    answer = await send(olga, f"/approvals/{model_id}/0.1.0", decision="rejected")
    assert (answer.status, "say why the version is rejected" in words(answer.body.decode())) == (400, True)

    await moved(await send(olga, f"/approvals/{model_id}/0.1.0", decision="rejected", reason=f"Unclear {HOSTILE}"))
    assert (await read_version_row(platform.database, model_id)).status == "partial"
    page = await look(alice, f"/deploy/{model_id}/0.1.0/deploy")
    assert "Unclear &lt;script&gt;" in page
    assert "Ask for approval" in page


async def test_a_request_can_be_withdrawn(alice: AsgiClient, olga: AsgiClient, model_id: str) -> None:
    await moved(await send(alice, f"/deploy/{model_id}/0.1.0/deploy", status="inactive"))

    assert "Nothing waits for you" in await look(olga, "/approvals")


async def test_others_decide_nothing(
    alice: AsgiClient, bob: AsgiClient, charlie: AsgiClient, platform: Platform, model_id: str
) -> None:
    for client in (alice, bob, charlie):
        assert (await client.call("GET", "/approvals", headers=dict(BROWSER))).status == 403
        assert (await send(client, f"/approvals/{model_id}/0.1.0", decision="approved")).status == 403
    assert (await read_version_row(platform.database, model_id)).status == "partial"
