"""What an account asks of the cards of its models, and what a card still lacks."""

import json
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import NotFound
from modelyard.core.json_schemas import compile_schema, schema_problems
from modelyard.domain.accounts.actor import Actor, RoleMissing, may_over
from modelyard.domain.accounts.organisations import find_account
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.audit.changes import record_change
from modelyard.domain.models.card_content import without_empty
from modelyard.domain.models.cards import CardState, current_card
from modelyard.domain.models.catalog import find_version
from modelyard.domain.models.metadata import MetadataRejected
from modelyard.domain.models.tables import CardSchema, Version

MOST_GAPS = 100


class NoCardSchema(NotFound):
    """The account asks nothing of cards."""

    def __init__(self, account_id: str) -> None:
        super().__init__(f"The account {account_id} asks nothing of model cards; set a JSON Schema with PUT.")


async def read_card_schema(session: AsyncSession, actor: Actor, account_id: str) -> CardSchema:
    """The schema of an account that one may see. Raises AccountNotFound, NoCardSchema."""
    await find_account(session, actor, account_id)
    found = await session.get(CardSchema, account_id)
    if found is None:
        raise NoCardSchema(account_id)
    return found


async def set_card_schema(
    session: AsyncSession, clock: Clock, actor: Actor, account_id: str, schema: Any
) -> CardSchema:
    """Sets the schema; versions that are active stay so. Raises AccountNotFound, RoleMissing, MetadataRejected."""
    await _require_administrator(session, actor, account_id)
    text = schema if isinstance(schema, str) else json.dumps(schema, ensure_ascii=False)
    if problems := [problem.told_of("schema") for problem in schema_problems(text)]:
        raise MetadataRejected(problems)
    found = await session.get(CardSchema, account_id)
    before, after, target = {"schema": found.schema if found else None}, {"schema": text}, f"account/{account_id}"
    if found is None:
        found = CardSchema(account_id=account_id)
        session.add(found)
    if record_change(session, clock, actor, "account:card-schema-set", target, before, after):
        found.schema, found.changed_at, found.changed_by_email = text, clock.now(), actor.email
    await session.flush()
    return found


async def delete_card_schema(session: AsyncSession, clock: Clock, actor: Actor, account_id: str) -> None:
    """Asks nothing any more. Raises AccountNotFound, RoleMissing, NoCardSchema."""
    await _require_administrator(session, actor, account_id)
    found = await read_card_schema(session, actor, account_id)
    await session.delete(found)
    before, target = {"schema": found.schema}, f"account/{account_id}"
    record_change(session, clock, actor, "account:card-schema-removed", target, before, {"schema": None})


async def list_gaps(session: AsyncSession, actor: Actor, model_id: str, version: str) -> list[str]:
    """What the card of a version lacks. Raises ModelNotFound, VersionNotFound."""
    return await card_gaps(session, await find_version(session, actor, model_id, version))


async def card_gaps(session: AsyncSession, row: Version) -> list[str]:
    """What a version's card lacks of what the account of its model asks for; the model has to be loaded."""
    asked = await session.get(CardSchema, row.model.account_id)
    return gaps(asked.schema, await current_card(session, row)) if asked else []


def gaps(schema: str, state: CardState) -> list[str]:
    """What a card lacks, each with its place; members that are empty count as missing."""
    problems = compile_schema(schema).problems(without_empty(state.plain()), most=MOST_GAPS)
    return [problem.told_of("card") for problem in problems]


async def _require_administrator(session: AsyncSession, actor: Actor, account_id: str) -> None:
    await find_account(session, actor, account_id)
    if not may_over(actor, Permission.MANAGE_CARD_SCHEMA, account=account_id):
        raise RoleMissing(Permission.MANAGE_CARD_SCHEMA)
