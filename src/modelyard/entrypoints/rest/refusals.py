"""Leaves word of requests that are refused, with what they were and who sent them."""

import re

from fastapi import Request

from modelyard.core.errors import PlatformError
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.audit.record import Outsider
from modelyard.entrypoints.rest.requests import address_of, platform_of

_KEY = re.compile(r"(?:ApiKey|Bearer) +([A-Za-z0-9]{4,64})\..+", re.IGNORECASE | re.DOTALL)
_NOBODY = Outsider("anonymous")


async def tell_of_refusal(request: Request, error: PlatformError, status: int) -> None:
    """Writes a row about a request that somebody may not make, or nobody knows from whom."""
    caller: Actor | None = getattr(request.state, "caller", None)
    await platform_of(request).refusals.tell(
        caller or _NOBODY,
        address_of(request),
        method=request.method,
        path=request.url.path,
        status=status,
        reason=error.message,
        **({} if caller else _claimed_key(request)),
    )


def _claimed_key(request: Request) -> dict[str, str]:
    """The open half of the key that was sent, if it looks like one: it helps to find who uses an old key."""
    found = _KEY.fullmatch(request.headers.get("authorization", "").strip())
    return {"claimedKey": found[1]} if found else {}
