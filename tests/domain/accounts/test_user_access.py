"""Who sees whom: lists, single users and the table of permissions agree."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.tables import User
from modelyard.domain.accounts.user_access import UserNotFound, find_user, visible_users
from tests.cast import Cast


@pytest.mark.parametrize("project_id", [None, "project-1"])
@pytest.mark.parametrize("uses_profile", [True, False])
@pytest.mark.parametrize("reach", [None, *Reach])
async def test_lists_and_single_users_agree(
    database: Database, cast: Cast, reach: Reach | None, uses_profile: bool, project_id: str | None
) -> None:
    grants = ({} if reach is None else {Permission.READ_USERS: reach}) | (
        {Permission.USE_PROFILE: Reach.OWN} if uses_profile else {}
    )
    actor = replace(cast.alice, grants=grants, project_id=project_id)
    found = set()
    async with database.read() as session:
        listed = set(await session.scalars(select(User.id).where(visible_users(actor))))
        for other in cast.everybody():
            for name in (other.user_id, other.email.upper()):
                try:
                    found.add((await find_user(session, actor, name)).id)
                except UserNotFound:
                    assert other.user_id not in listed

    assert found == listed
    assert (cast.charlie.user_id in listed) == (reach == Reach.INSTALLATION)
    assert (cast.olga.user_id in listed) == (reach in {Reach.ACCOUNT, Reach.INSTALLATION})
    if project_id is None:
        assert (cast.alice.user_id in listed) == (reach is not None or uses_profile)
    elif reach in {None, Reach.OWN}:
        assert listed == set()


async def test_the_account_can_be_asked_for(database: Database, cast: Cast) -> None:
    async with database.read() as session:
        found = await find_user(session, cast.olga, "user-charlie", account_id="account-other")
        assert found.id == "user-charlie"
        with pytest.raises(UserNotFound):
            await find_user(session, cast.olga, "user-charlie", account_id="account-acme")
