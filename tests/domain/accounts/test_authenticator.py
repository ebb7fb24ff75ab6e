"""Who sends a request: every way of getting it wrong ends the same."""

from typing import Any

import pytest
from sqlalchemy import update

from modelyard.core.database import Database
from modelyard.core.errors import NotAuthenticated
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.api_keys import make_key
from modelyard.domain.accounts.authenticator import Authenticator
from modelyard.domain.accounts.credentials import Credentials, KeyMissing, KeyUnknown
from modelyard.domain.accounts.tables import Account, ApiKey, Team, User
from tests.cast import CAST, Cast, key_of

ALICE = key_of(CAST.alice).text
TEAM = CAST.alice.team_id


async def _ask(authenticator: Authenticator, authorization: str | None, team: str | None = None) -> Actor:
    return await authenticator.find_actor(Credentials(authorization, team))


async def test_everybody_is_known_by_their_key(authenticator: Authenticator, cast: Cast) -> None:
    for actor in cast.everybody():
        assert await _ask(authenticator, f"ApiKey {key_of(actor).text}") == actor


@pytest.mark.parametrize(
    ("authorization", "team"),
    [
        (f"ApiKey {ALICE}", TEAM),
        (f"apikey {ALICE}", None),
        (f"  ApiKey   {ALICE}  ", None),
        (f"Bearer {ALICE}", TEAM),
        (f"BEARER {ALICE}", TEAM),
    ],
)
async def test_accepted_forms(authenticator: Authenticator, authorization: str, team: str | None) -> None:
    assert await _ask(authenticator, authorization, team) == CAST.alice


@pytest.mark.parametrize("authorization", [None, "", "   ", "ApiKey", "ApiKey ", ALICE, f"Basic {ALICE}"])
async def test_no_key(authenticator: Authenticator, authorization: str | None) -> None:
    with pytest.raises(KeyMissing):
        await _ask(authenticator, authorization, TEAM)


@pytest.mark.parametrize(
    ("authorization", "team"),
    [
        ("ApiKey nobody.nothing", None),
        ("ApiKey aliceprefix", None),
        ("ApiKey aliceprefix.", None),
        ("ApiKey aliceprefix.wrong", None),
        (f"ApiKey {ALICE}x", None),
        (f"ApiKey {ALICE}.more", None),
        (f"ApiKey {ALICE.upper()}", None),
        (f"ApiKey .{ALICE}", None),
        ("ApiKey " + "x" * 100_000, None),
        ("ApiKey \x00.\xff", None),
        ("ApiKey ' OR 1=1 --.x", None),
        (f"ApiKey {ALICE}", "team-strangers"),
        (f"ApiKey {ALICE}", ""),
        (f"Bearer {ALICE}", None),
        (f"Bearer {ALICE}", ""),
        (f"Bearer {ALICE}", "team-strangers"),
    ],
)
async def test_wrong_key(authenticator: Authenticator, authorization: str, team: str | None) -> None:
    with pytest.raises(KeyUnknown):
        await _ask(authenticator, authorization, team)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (ApiKey, ApiKey.prefix == "aliceprefix"),
        (User, User.id == "user-alice"),
        (Team, Team.id == "team-vision"),
        (Account, Account.id == "account-acme"),
    ],
)
async def test_key_user_team_or_account_that_is_switched_off(
    database: Database, authenticator: Authenticator, table: type[Any], column: Any
) -> None:
    async with database.write() as session:
        await session.execute(update(table).where(column).values(status="Inactive"))

    with pytest.raises(KeyUnknown):
        await _ask(authenticator, f"ApiKey {ALICE}")


async def test_errors_do_not_repeat_the_key(authenticator: Authenticator) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        await _ask(authenticator, "ApiKey aliceprefix.guessed")
    assert "guessed" not in caught.value.message


def test_made_keys_differ_and_given_ones_are_kept() -> None:
    assert make_key().text != make_key().text
    assert make_key("prefix12.body1234").text == "prefix12.body1234"
