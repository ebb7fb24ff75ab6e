"""Routes of what an account asks of its model cards."""

from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from modelyard.domain.models import card_schemas as domain
from modelyard.domain.models.tables import CardSchema
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform
from modelyard.entrypoints.rest.wire import Json, time_text

router = APIRouter(prefix="/api/accounting/accounts/{account}/card-schema", tags=["cards"], route_class=GuardedRoute)
_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}}


@router.get("", summary="What the account asks of model cards")
async def read_card_schema(account: str, platform: ThePlatform, actor: Caller) -> Response:
    """A JSON Schema of the card without its empty members; 404 where the account asks nothing."""
    async with platform.database.read() as session:
        return Json(_card_schema_object(await domain.read_card_schema(session, actor, account)))


@router.put("", summary="Set what the account asks of model cards", openapi_extra=_BODY)
async def set_card_schema(account: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """A JSON Schema (2020-12). Versions that are active stay so; others need a card that it takes before they are."""
    schema = await request.json()
    async with platform.database.write() as session:
        found = await domain.set_card_schema(session, platform.clock, actor, account, schema)
    return Json(_card_schema_object(found))


@router.delete("", summary="Ask nothing of model cards any more")
async def delete_card_schema(account: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        await domain.delete_card_schema(session, platform.clock, actor, account)
    return Json({})


def _card_schema_object(found: CardSchema) -> dict[str, Any]:
    return {
        "account": found.account_id,
        "schema": msgspec.json.decode(found.schema),
        "changedAt": time_text(found.changed_at),
        "changedBy": found.changed_by_email,
    }
