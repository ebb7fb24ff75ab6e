"""The pages of the documentation, for those who have nothing but a browser."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelyard.core.errors import NotFound
from modelyard.entrypoints.rest.requests import Caller, ThePlatform
from modelyard.entrypoints.web.frame import framed, read_frame
from modelyard.entrypoints.web.guides import HOME, grouped_guides, read_guides
from modelyard.entrypoints.web.page_routes import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)


class GuideNotFound(NotFound):
    """There is no such guide."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no guide {name[:80]!r}; {HOME} lists them.")


@router.get(HOME)
async def list_guides(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        frame = await read_frame(session, request, actor, "")
    return framed("guides.html", frame, groups=grouped_guides())


@router.get(HOME + "/{guide:path}")
async def show_guide(guide: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """`guide` is one of those that are known; nothing is looked up in the file system by it."""
    found = read_guides().get(guide)
    if found is None:
        raise GuideNotFound(guide)
    async with platform.database.read() as session:
        frame = await read_frame(session, request, actor, "")
    return framed("guide.html", frame, guide=found)
