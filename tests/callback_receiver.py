"""A real HTTP server that receives callbacks."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import web

HOST = "127.0.0.1"


@dataclass
class Receiver:
    """What has arrived, and how it is answered."""

    port: int = 0
    status: int = 200
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    arrived: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    """Headers, with names in lower case, and bodies; oldest first."""

    @property
    def url(self) -> str:
        """Where callbacks are to be sent."""
        return f"http://{HOST}:{self.port}/ended?token=1"

    async def answer(self, request: web.Request) -> web.Response:
        """Keeps what comes."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.arrived.append((headers, await request.read()))
        return web.Response(status=self.status, text=self.text, headers=self.headers)


@contextlib.asynccontextmanager
async def callback_receiver() -> AsyncIterator[Receiver]:
    """Listens until the context ends."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, HOST, 0)
    await site.start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        await runner.cleanup()
