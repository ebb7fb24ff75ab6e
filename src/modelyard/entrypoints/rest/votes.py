"""Routes of votes: what callers think of the results of items."""

from fastapi import APIRouter
from starlette.responses import Response

from modelyard.app import Platform
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.jobs import votes
from modelyard.domain.jobs.votes import Vote
from modelyard.entrypoints.rest.quoted_paths import QuotedRoute
from modelyard.entrypoints.rest.requests import Caller, ThePlatform
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/results/{job_id}", tags=["results"], route_class=QuotedRoute)


@router.post("/upvote/{item_name:path}", summary="Say that the result of an item is good")
async def upvote(job_id: str, item_name: str, platform: ThePlatform, actor: Caller) -> Response:
    """Instead of one's earlier vote."""
    return await _cast(platform, actor, job_id, item_name, Vote.UP)


@router.post("/downvote/{item_name:path}", summary="Say that the result of an item is bad")
async def downvote(job_id: str, item_name: str, platform: ThePlatform, actor: Caller) -> Response:
    """Instead of one's earlier vote."""
    return await _cast(platform, actor, job_id, item_name, Vote.DOWN)


@router.delete("/vote/{item_name:path}", summary="Take one's vote back")
async def remove_vote(job_id: str, item_name: str, platform: ThePlatform, actor: Caller) -> Response:
    return await _cast(platform, actor, job_id, item_name, Vote.NONE)


@router.get("/vote/{item_name:path}", summary="One's own vote on the result of an item")
async def read_vote(job_id: str, item_name: str, platform: ThePlatform, actor: Caller) -> Response:
    """`UP`, `DOWN` or `NO_VOTES`. Those of all are counted in the results."""
    async with platform.database.read() as session:
        return Json({"vote": await votes.read_vote(session, actor, job_id, item_name)})


async def _cast(platform: Platform, actor: Actor, job_id: str, item_name: str, vote: Vote) -> Response:
    async with platform.database.write() as session:
        await votes.cast_vote(session, platform.clock, actor, job_id, item_name, vote)
    return Json({"vote": vote})
