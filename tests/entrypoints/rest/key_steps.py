"""What tests of API keys do again and again: set one, read one, list those that somebody sees."""

from sqlalchemy import select

from modelyard.app import Platform
from modelyard.domain.accounts.api_keys import KeyStatus
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.tables import ApiKey, Project
from modelyard.domain.audit.tables import AuditEvent
from tests.asgi import AsgiClient
from tests.domain.accounts.quota_steps import add_project
from tests.entrypoints.rest.steps import expect

KEYS = "/api/accounting/access-keys"
ALICE = f"{KEYS}/aliceprefix"


async def key_row(platform: Platform, prefix: str = "aliceprefix") -> ApiKey:
    """A key as the database has it."""
    async with platform.database.read() as session:
        return await session.get_one(ApiKey, prefix)


async def set_key(platform: Platform, prefix: str, **values: object) -> None:
    """Changes the row of a key by hand."""
    async with platform.database.write() as session:
        row = await session.get_one(ApiKey, prefix)
        for name, value in values.items():
            setattr(row, name, value)


async def newest_event(platform: Platform) -> AuditEvent:
    """The last row of the audit trail."""
    async with platform.database.read() as session:
        return (await session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1))).one()


async def prefixes(client: AsgiClient, query: str = "") -> set[str]:
    """The keys that somebody sees."""
    return {key["prefix"] for key in expect(await client.call("GET", KEYS + query))}


async def add_project_key(platform: Platform, *, roles: tuple[str, ...] = (Role.PROJECT,)) -> tuple[Project, str]:
    """A project of Alice's with a key that works."""
    project = await add_project(platform.database)
    row = ApiKey(
        prefix="projectprefix",
        body_fingerprint=platform.fingerprinter.of("body"),
        name="Of the project",
        account_id=project.account_id,
        team_id=project.team_id,
        user_id=project.user_id,
        project_id=project.id,
        roles=list(roles),
        status=KeyStatus.ACTIVE,
        is_default=False,
        is_high_priority=False,
        created_at=platform.clock.now(),
        retrieved_at=platform.clock.now(),
    )
    async with platform.database.write() as session:
        session.add(row)
    return project, "ApiKey projectprefix.body"
