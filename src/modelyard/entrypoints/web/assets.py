"""What pages load: addresses that change with the content, so that a browser may keep it for ever."""

import hashlib
from functools import cache
from pathlib import Path

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"
MOUNT = "/static"
_FOR_EVER = "public, max-age=31536000, immutable"


@cache
def asset_address(name: str) -> str:
    """Where a browser gets a file, by its name below `static`."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    return f"{MOUNT}/{name}?v={digest[:12]}"


class _Files(StaticFiles):
    """Files that are kept for ever when they were asked for by content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        if answer.status_code == 200 and b"v=" in scope.get("query_string", b""):
            answer.headers["Cache-Control"] = _FOR_EVER
        return answer


def static_files() -> GZipMiddleware:
    """The application that serves them."""
    return GZipMiddleware(_Files(directory=STATIC), minimum_size=1_000)
