"""The people of all tests: Alice owns, Bob is on her team, Charlie sees nothing, Olga administers."""

from dataclasses import dataclass, replace

from modelyard.core.database import Database
from modelyard.core.sealing import Sealer
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.api_keys import NewKey, give_body
from modelyard.domain.accounts.first_start import ADMINISTRATOR_ROLES
from modelyard.domain.accounts.installation_secrets import read_or_create_fingerprinter
from modelyard.domain.accounts.memberships import add_member
from modelyard.domain.accounts.roles import Role, prebuilt_grants
from modelyard.domain.accounts.states import UserStatus
from modelyard.domain.accounts.tables import Account, Team, User
from modelyard.domain.models.requirements import create_presets
from modelyard.domain.models.tags import create_predefined
from modelyard.migrations.upgrade import upgrade_database
from tests.manual_clock import ManualClock

SECRET = "the secret of all tests"
GIGABYTE = 1_000_000_000


@dataclass(frozen=True)
class Cast:
    """Who acts. Alice, Bob and Olga belong to one account, Charlie to another."""

    alice: Actor
    bob: Actor
    charlie: Actor
    olga: Actor

    def everybody(self) -> tuple[Actor, ...]:
        """All four."""
        return self.alice, self.bob, self.charlie, self.olga


def _actor(name: str, account: str, team: str, roles: list[Role]) -> Actor:
    return Actor(
        account_id=f"account-{account}",
        account_name=account,
        team_id=f"team-{team}",
        user_id=f"user-{name}",
        email=f"{name}@example.org",
        first_name=name.capitalize(),
        last_name="Example",
        key_prefix=f"{name}prefix",
        roles=frozenset(roles),
        grants=prebuilt_grants(roles),
        in_admin_team=team == "administrators",
    )


CAST = Cast(
    alice=_actor("alice", "acme", "vision", [Role.DATA_SCIENTIST]),
    bob=_actor("bob", "acme", "vision", [Role.DATA_SCIENTIST]),
    charlie=_actor("charlie", "other", "strangers", [Role.DATA_SCIENTIST]),
    olga=_actor("olga", "acme", "administrators", ADMINISTRATOR_ROLES),
)


def with_roles(actor: Actor, *roles: Role) -> Actor:
    """The same person with other roles."""
    return replace(actor, roles=frozenset(roles), grants=prebuilt_grants(roles))


def key_of(actor: Actor) -> NewKey:
    """The key of one of the cast."""
    return NewKey(actor.key_prefix, f"secret-of-{actor.first_name}")


def authorization(actor: Actor) -> str:
    """The header that proves who they are."""
    return f"ApiKey {key_of(actor).text}"


async def write_template(address: str) -> None:
    """Makes the database that every test starts from: newest schema, presets, tags and the cast."""
    database = Database(address)
    clock = ManualClock()
    await upgrade_database(database)
    async with database.write() as session:
        await create_presets(session, cpus=4, memory_bytes=16 * GIGABYTE, gpus=0)
        await create_predefined(session)
        fingerprinter = await read_or_create_fingerprinter(session, Sealer(SECRET.encode()))
        now = clock.now()
        actors = CAST.everybody()
        for identifier, name in {(actor.account_id, actor.account_name) for actor in actors}:
            session.add(Account(id=identifier, name=name, created_at=now))
        await session.flush()
        teams = {
            actor.team_id: Team(
                id=actor.team_id,
                account_id=actor.account_id,
                name=actor.team_id,
                is_admin=actor == CAST.olga,
                created_at=now,
            )
            for actor in actors
        }
        users = {
            actor.user_id: User(
                id=actor.user_id,
                account_id=actor.account_id,
                email=actor.email,
                first_name=actor.first_name,
                last_name=actor.last_name,
                status=UserStatus.ACTIVE,
                created_at=now,
            )
            for actor in actors
        }
        session.add_all([*teams.values(), *users.values()])
        await session.flush()
        for actor in actors:
            user, team = users[actor.user_id], teams[actor.team_id]
            key = add_member(session, clock, user, team, sorted(actor.roles))
            give_body(session, clock, fingerprinter, key, key_of(actor))
    await database.close()
