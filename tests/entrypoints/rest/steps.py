"""What tests of the API do again and again: walk through a deployment, wait, check an error's body."""

import asyncio
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import Table, func, select

from modelyard.adapters.runtimes.fake_container import FakeContainer
from modelyard.adapters.runtimes.fake_images import make_image, write_archive
from modelyard.core.database import Base, Database
from modelyard.domain.engines.tables import Engine, EngineState, Purpose
from modelyard.domain.models.tables import Version
from tests.asgi import Answer, AsgiClient
from tests.cast import CAST
from tests.library import JSON_OUTPUT, TEXT_INPUT, add_active, add_model, describe

DESCRIPTION: dict[str, Any] = {
    "requirement": {"requirementId": 1},
    "timeout": {"status": 5000, "run": 5000},
    "inputs": [TEXT_INPUT],
    "outputs": [JSON_OUTPUT],
    "processing": {"minimumParallelCapacity": 0, "maximumParallelCapacity": 2},
}
_OF_THE_BACKGROUND = {"audit_events", "audit_chain", "work", "situations", "processes"} | {
    *("use_days", "use_marks", "machine_uses", "engine_uses", "alerts"),
}
MEMBERS = {"statusCode", "status", "message", "reportErrorUrl"}


def expect_error(answer: Answer, status: int, *words: str) -> str:
    """Checks status and shape of an error; returns its message."""
    assert answer.status == status, (answer.status, answer.body[:500])
    assert answer.headers["content-type"] == "application/json"
    body = answer.json
    assert set(body) - {"technicalInformation"} == MEMBERS
    assert body["statusCode"] == status
    message = str(body["message"])
    assert message
    assert len(message) < 5000
    assert "Traceback" not in answer.body.decode()
    for word in words:
        assert word in message
    return message


def expect(answer: Answer, status: int = 200) -> Any:
    """Checks the status; returns the JSON."""
    assert answer.status == status, (answer.status, answer.body[:500])
    return answer.json


async def until(client: AsgiClient, path: str, is_done: Callable[[Any], bool]) -> Any:
    """Reads a path until its JSON satisfies."""
    async with asyncio.timeout(10):
        while True:
            found = expect(await client.call("GET", path))
            if is_done(found):
                return found
            await asyncio.sleep(0.01)


async def until_ready(client: AsgiClient) -> None:
    """Waits for the container runtime, without which a server answers, too."""
    async with asyncio.timeout(10):
        while True:
            if (await client.call("GET", "/readyz")).status == 200:
                return
            await asyncio.sleep(0.01)


async def snapshot(database: Database) -> dict[str, list[Any]]:
    """Everything in the database but the audit trail, the queue and what the background notes."""

    def columns(table: Table) -> list[Any]:
        noted = {"api_keys.last_used_at", "models.last_active_at", "sessions.last_seen_at", "users.last_active_at"}
        return [column for column in table.c if str(column) not in noted]

    async with database.read() as session:
        return {
            table.name: [
                tuple(row) for row in await session.execute(select(*columns(table)).order_by(*table.primary_key))
            ]
            for table in Base.metadata.sorted_tables
            if table.name not in _OF_THE_BACKGROUND
        }


async def rows(database: Database, table: str) -> int:
    """How many rows a table has."""
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(Base.metadata.tables[table])) or 0


def archive(directory: Path, name: str = "echo") -> bytes:
    """A small image as `docker save` writes it."""
    path = directory / "saved.tar"
    write_archive(make_image(name, FakeContainer.idle, ports=("8080/tcp",)), f"{name}:1", path)
    return path.read_bytes()


def picture(size: tuple[int, int] = (1100, 600)) -> bytes:
    """A picture that the library takes."""
    buffer = io.BytesIO()
    Image.new("RGB", size).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass(frozen=True)
class Walk:
    """Steps of a deployment."""

    client: AsgiClient
    database: Database

    async def model(self) -> str:
        """The path of a bare version."""
        return f"/api/models/{await add_model(self.database, CAST.alice)}/versions/0.1.0"

    async def described(self) -> str:
        """The path of a version with everything, not active."""
        model_id = await add_model(self.database, CAST.alice)
        await describe(self.database, model_id)
        return f"/api/models/{model_id}/versions/0.1.0"

    async def active(self) -> str:
        """The identifier of a model whose version is active; its image is one that nobody holds."""
        return await add_active(self.database, CAST.alice)

    async def deployed(self, archived: bytes) -> str:
        """The identifier of a model that went through all steps."""
        client = self.client
        created = expect(await client.call("POST", "/api/models", {"name": "echo", "version": "0.1.0"}), 201)
        model_id = str(created["identifier"])
        path = f"/api/models/{model_id}/versions/0.1.0"
        expect(await client.upload(f"{path}/container-image", archived), 201)
        expect(await client.call("PATCH", path, DESCRIPTION))
        await until(client, f"{path}/container-image", lambda state: state["percentage"] == 100)
        for test in ("load-process", "run-process"):
            if test == "run-process":
                expect(await client.upload(f"{path}/testInput", b"a good day", file_name="input.txt"), 201)
            expect(await client.call("POST", f"{path}/{test}"))
            ended = await until(client, f"{path}/{test}", lambda state: "result" in state)
            assert ended["result"]["status"] == "SUCCESSFUL", ended
        expect(await client.call("PATCH", path, {"status": "active"}))
        return model_id

    async def submitted(self, model_id: str) -> str:
        """The identifier of a job of one item."""
        body = {
            "model": {"identifier": model_id, "version": "0.1.0"},
            "input": {"type": "text", "sources": {"only": {"input.txt": "a good day"}}},
        }
        return str(expect(await self.client.call("POST", "/api/jobs", body), 202)["jobIdentifier"])


async def add_engine(database: Database, name: str) -> None:
    """The row of an engine that runs somewhere else, for the newest version."""
    async with database.write() as session:
        version_id = (await session.scalars(select(func.max(Version.id)))).one()
        session.add(
            Engine(
                id=f"{name:.36}",
                name=name,
                version_id=version_id,
                purpose=Purpose.SERVE,
                state=EngineState.READY,
                owner="elsewhere/1",
                container="c" * 64,
                created_at=datetime.now(UTC),
            )
        )
