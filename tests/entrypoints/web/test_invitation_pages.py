"""Inviting somebody in three steps."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI

from modelyard.app import Platform
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.states import UserStatus
from tests.asgi import AsgiClient
from tests.cast import CAST, authorization
from tests.entrypoints.rest.people import SOUND, VISION, add_someone, memberships, user_row
from tests.entrypoints.web.forms import look, refused, send, sent_on, words, wrong_at

ADA: dict[str, Any] = {"firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.org", "team": VISION}


async def _step(client: AsgiClient, go: str, **fields: Any) -> str:
    answer = await send(client, "/people/new", go=go, **fields)
    assert answer.status == 200, words(answer.body.decode())[:400]
    return answer.body.decode()


async def test_three_steps_lead_to_a_link(olga: AsgiClient, anybody: AsgiClient, platform: Platform) -> None:
    page = await look(olga, f"/people/new?team={VISION}")
    assert f'<option value="{VISION}" selected>' in page

    page = await _step(olga, "2", **ADA)
    assert 'value="DATA_SCIENTIST"' in page
    assert "Create models and versions" in words(page)
    assert '<input type="hidden" name="email" value="ada@example.org">' in page

    page = await _step(olga, "3", roles=["DATA_SCIENTIST", "DEVELOPER"], **ADA)
    assert "Data Scientist Developer" in words(page)
    assert '<input type="hidden" name="roles" value="DEVELOPER">' in page

    page = await _step(olga, "4", roles=["DATA_SCIENTIST", "DEVELOPER"], **ADA)
    found = re.search(r"<code>(http://testserver/invitations/[\w-]+)</code>", page)
    assert found
    assert "Ada" in await look(anybody, urlsplit(found[1]).path)

    page = await look(olga, "/people?search=ada")
    user = re.search(r"/people/users/([\w-]+)", page)
    assert user
    assert (await user_row(platform, user[1])).status == UserStatus.INVITED
    assert await memberships(platform, user[1]) == {VISION: ["DATA_SCIENTIST", "DEVELOPER"]}


async def test_nothing_is_kept_before_the_last_step(olga: AsgiClient) -> None:
    await _step(olga, "2", **ADA)
    await _step(olga, "3", roles="DEVELOPER", **ADA)

    assert "ada@example.org" not in await look(olga, "/people")


async def test_going_back_keeps_what_was_typed(olga: AsgiClient) -> None:
    page = await _step(olga, "1", roles="DATA_SCIENTIST", **ADA)

    assert 'value="Lovelace"' in page
    assert '<input type="hidden" name="roles" value="DATA_SCIENTIST">' in page


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("firstName", "", "Fill this in"),
        ("email", "ada", "mail"),
        ("email", "bob@example.org", "already"),
        ("lastName", "x" * 200, "100 characters"),
    ],
)
async def test_what_is_wrong_stands_at_its_field(olga: AsgiClient, field: str, value: str, problem: str) -> None:
    fields = ADA | {field: value, "roles": "DEVELOPER", "go": "4"}
    answer = await send(olga, "/people/new", **fields)
    page = answer.body.decode()

    assert answer.status in {400, 409}
    assert problem in wrong_at(page, field)
    assert f'value="{value}"' in page


async def test_a_taken_address_is_refused_before_roles_are_chosen(olga: AsgiClient, alice: AsgiClient) -> None:
    page = await refused(olga, "/people/new", 409, go="2", **ADA | {"email": "bob@example.org"})

    assert "already" in wrong_at(page, "email")
    page = await _step(olga, "1", **ADA | {"email": "bob@example.org"})
    assert 'value="bob@example.org"' in page


async def test_a_team_of_administrators_is_not_chosen_before(olga: AsgiClient) -> None:
    page = await look(olga, "/people/new")

    selected = re.search(r"<option [^>]*selected>([^<]*)", page)
    assert selected
    assert "admin team" not in selected[1]


async def test_an_empty_form(olga: AsgiClient) -> None:
    page = await refused(olga, "/people/new", 400)

    assert all(wrong_at(page, field) for field in ("firstName", "lastName", "email"))


async def test_a_team_of_others_is_refused(app: FastAPI, platform: Platform) -> None:
    head = await add_someone(app, platform, Role.ACCOUNT_ADMIN)
    await add_someone(app, platform, Role.DEVELOPER, team=SOUND)

    assert SOUND not in await look(head.client, "/people/new")
    for team in (SOUND, CAST.charlie.team_id, "nothing"):
        fields = ADA | {"team": team, "roles": "DEVELOPER", "go": "4"}
        answer = await send(head.client, "/people/new", **fields)
        assert answer.status == 404, team


async def test_roles_beyond_ones_own_cannot_be_chosen_nor_given(app: FastAPI, platform: Platform) -> None:
    head = await add_someone(app, platform, Role.ACCOUNT_ADMIN)

    page = await _step(head.client, "2", **ADA)
    assert re.search(r'value="SYSTEM_OWNER"[^>]* disabled', page)
    page = await refused(head.client, "/people/new", 403, roles="SYSTEM_OWNER", go="4", **ADA)
    assert "platform administrator" in wrong_at(page, "roles")


async def test_with_mail_the_invitation_goes_out(posting: FastAPI) -> None:
    olga = AsgiClient(posting, {"authorization": authorization(CAST.olga)})

    path = await sent_on(olga, "/people/new", roles="DEVELOPER", go="4", **ADA)

    page = await look(olga, f"{path}?done=invited")
    assert "on its way by mail" in words(page)
    assert "invited" in words(page)


async def test_inviting_again_and_withdrawing(olga: AsgiClient, platform: Platform) -> None:
    await _step(olga, "4", roles="DEVELOPER", **ADA)
    user = re.search(r"/people/users/([\w-]+)", await look(olga, "/people?search=ada"))
    assert user
    path = user[0]

    answer = await send(olga, f"{path}/link")
    assert "/invitations/" in answer.body.decode()
    await sent_on(olga, f"{path}/status", status="Rejected")
    assert (await user_row(platform, user[1])).status == UserStatus.REJECTED
    assert "/invitations/" in (await send(olga, f"{path}/link")).body.decode()
    assert (await user_row(platform, user[1])).status == UserStatus.INVITED


async def test_who_invites_nobody_does_not_see_the_steps(alice: AsgiClient, charlie: AsgiClient) -> None:
    for client in (alice, charlie):
        await look(client, "/people/new", 403)
        assert (await send(client, "/people/new", go="4", **ADA)).status == 403
