"""Databases of every earlier schema are brought up to the newest one with all that is in them."""

import asyncio
import hashlib
import hmac
import importlib
import pkgutil
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

import modelyard.domain
from modelyard.core.database import Base, Database
from modelyard.core.sealing import Sealer
from modelyard.domain.accounts.authenticator import Authenticator
from modelyard.domain.accounts.credentials import Credentials
from modelyard.domain.accounts.installation_secrets import read_or_create_fingerprinter
from modelyard.domain.accounts.last_use import LastUse
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.wrong_keys import WrongKeys
from modelyard.domain.audit.record import PLATFORM, record
from modelyard.domain.audit.tables import AuditEvent
from modelyard.domain.models.tables import CardRevision, Model, ModelTerm, Version
from modelyard.migrations.upgrade import HEAD, upgrade_database
from tests.cast import SECRET
from tests.manual_clock import ManualClock

TIME = "2026-01-02 03:04:05.000000"
FIRST_ROWS: list[tuple[str, dict[str, Any]]] = [
    ("accounts", {"id": "a", "name": "local", "created_at": TIME}),
    ("teams", {"id": "t", "account_id": "a", "name": "Administrators", "is_admin": True, "created_at": TIME}),
    (
        "users",
        {
            "id": "u",
            "account_id": "a",
            "email": "Ada@Example.org",
            "first_name": "Ada",
            "last_name": "A",
            "title": None,
            "password_hash": None,
            "status": "Active",
            "created_at": TIME,
        },
    ),
    ("memberships", {"user_id": "u", "team_id": "t", "created_at": TIME}),
    (
        "api_keys",
        {
            "prefix": "adaprefix",
            "body_fingerprint": "filled in by the test",
            "name": "A key",
            "account_id": "a",
            "team_id": "t",
            "user_id": "u",
            "roles": '["SYSTEM_OWNER", "DATA_SCIENTIST"]',
            "status": "Active",
            "is_default": True,
            "is_high_priority": False,
            "created_at": TIME,
        },
    ),
    (
        "audit_events",
        {
            "id": 1,
            "at": TIME,
            "account_id": "a",
            "actor": "Ada@Example.org",
            "action": "model:created",
            "target": "model/abc",
            "details": "{}",
            "request_id": "r",
        },
    ),
]


_MODEL: dict[str, Any] = {
    "id": "m",
    "account_id": "a",
    "team_id": "t",
    "created_by": "u",
    "created_by_email": "Ada@Example.org",
    "created_by_full_name": "Ada A",
    "author": "local",
    "name": "echo",
    "description": "",
    "scope": "PRIVATE",
    "is_recommended": False,
    "is_commercial": False,
    "created_at": TIME,
    "updated_at": TIME,
    "last_active_at": TIME,
}
_VERSION: dict[str, Any] = {
    "model_id": "m",
    "status": "partial",
    "created_at": TIME,
    "updated_at": TIME,
    "statistics": "[]",
    **dict.fromkeys(("input_validation_schema", "long_description", "technical_details"), ""),
    **dict.fromkeys(("performance_summary", "version_history"), ""),
    **dict.fromkeys(("minimum_engines", "maximum_engines", "batch_size"), 0),
    **dict.fromkeys(("load_passed", "run_passed", "explains", "detects_drift"), False),
}
FIRST_ROWS += [
    ("models", _MODEL),
    ("versions", _VERSION | {"id": 1, "version": "0.1.0", "created_by_email": "Ada@Example.org"}),
    ("versions", _VERSION | {"id": 2, "version": "0.2.0", "created_by_email": "gone@example.org"}),
]


async def _first_schema(database: Database) -> None:
    await upgrade_database(database, "0001")
    rows = [dict(values) for _, values in FIRST_ROWS]
    rows[4]["body_fingerprint"] = _first_fingerprint("adabody")
    async with database.engine.begin() as connection:
        for (table, _), values in zip(FIRST_ROWS, rows, strict=True):
            columns = ", ".join(values)
            places = ", ".join(f":{name}" for name in values)
            await connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({places})"), values)  # noqa: S608


def _first_fingerprint(body: str) -> str:
    """As the first schema's code made it."""
    key = hmac.new(SECRET.encode(), b"modelyard api keys", hashlib.sha256).digest()
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()


@pytest.fixture
async def bare(empty: str) -> AsyncIterator[Database]:
    opened = Database(empty)
    yield opened
    await opened.close()


async def test_a_key_of_the_first_schema_still_opens_and_keeps_its_roles(bare: Database) -> None:
    await _first_schema(bare)

    assert await upgrade_database(bare) == "0001"

    async with bare.write() as session:
        fingerprinter = await read_or_create_fingerprinter(session, Sealer(SECRET.encode()))
        if bare.is_sqlite:  # which makes tables anew, and does without foreign keys meanwhile
            assert (await session.execute(text("PRAGMA foreign_key_check"))).all() == []
            assert await session.scalar(text("PRAGMA foreign_keys")) == 1
    clock = ManualClock()
    last_use, wrong_keys = LastUse(bare, clock), WrongKeys(per_address=10, per_prefix=10)
    authenticator = Authenticator(bare, clock, fingerprinter, last_use, wrong_keys, idle=timedelta(hours=1))
    actor = await authenticator.find_actor(Credentials("ApiKey adaprefix.adabody"))
    assert actor.email == "ada@example.org"
    assert actor.may(Permission.DEPLOY_MODELS)
    assert actor.may(Permission.MANAGE_ACCOUNTS)


async def test_versions_belong_to_who_created_them(bare: Database) -> None:
    await _first_schema(bare)
    await upgrade_database(bare)

    async with bare.read() as session:
        rows = [
            tuple(row) for row in await session.execute(text("SELECT version, created_by FROM versions ORDER BY id"))
        ]
    assert rows == [("0.1.0", "u"), ("0.2.0", None)]


async def test_the_audit_trail_goes_on_after_the_rows_of_the_first_schema(bare: Database) -> None:
    await _first_schema(bare)
    await upgrade_database(bare)

    async with bare.write() as session:
        record(session, ManualClock(), PLATFORM, "model:changed", "model/abc")

    async with bare.read() as session:
        rows = (await session.execute(select(AuditEvent.id, AuditEvent.action).order_by(AuditEvent.id))).all()
    assert rows == [(1, "model:created"), (2, "model:changed")]


async def test_models_of_earlier_schemas_are_found_and_sorted(bare: Database) -> None:
    await _first_schema(bare)
    await upgrade_database(bare, "0002")
    model = {
        "id": "abcdefghij",
        "account_id": "a",
        "team_id": "t",
        "created_by": "u",
        "created_by_email": "e",
        "created_by_full_name": "A",
        "author": "local",
        "name": "ÉCHO of words",
        "description": "Says it again.",
        "scope": "ALL",
        "is_recommended": False,
        "is_commercial": False,
        **dict.fromkeys(("created_at", "updated_at", "last_active_at"), TIME),
    }
    inputs = '[{"name": "input.txt", "acceptedMediaTypes": "text/plain", "maximumSize": 1, "description": ""}]'
    version = {
        "model_id": "abcdefghij",
        "created_by_email": "e",
        "created_at": TIME,
        "updated_at": TIME,
        **dict.fromkeys(("input_validation_schema", "long_description", "technical_details"), ""),
        **dict.fromkeys(("performance_summary", "version_history"), ""),
        "statistics": "[]",
        "minimum_engines": 0,
        "maximum_engines": 1,
        "load_passed": True,
        "run_passed": True,
        "batch_size": 1,
        "explains": False,
        "detects_drift": False,
        "inputs": inputs,
    }
    async with bare.engine.begin() as connection:
        await _insert(connection, "models", model)
        stored = (("1.10.0", "partial"), ("1.9.0", "active"), ("0.20.0", "inactive"))
        for place, (number, status) in enumerate(stored, start=100):
            await _insert(connection, "versions", {**version, "id": place, "version": number, "status": status})

    await upgrade_database(bare)

    async with bare.read() as session:
        row = await session.get_one(Model, "abcdefghij")
        ours = select(Version.version).where(Version.model_id == "abcdefghij")
        versions = await session.scalars(ours.order_by(Version.order_key))
        terms = set(await session.scalars(select(ModelTerm.term).where(ModelTerm.model_id == "abcdefghij")))
    assert list(versions) == ["0.20.0", "1.9.0", "1.10.0"]
    assert (row.latest_version, row.latest_active_version, row.is_active) == ("1.10.0", "1.9.0", True)
    assert (row.name_key, row.deleted_at) == ("écho of words", None)
    assert terms == {"word:écho", "word:words", "word:says", "word:again", "input:input.txt", "accepts:text/plain"}


async def _insert(connection: AsyncConnection, table: str, values: dict[str, Any]) -> None:
    columns, places = ", ".join(values), ", ".join(f":{name}" for name in values)
    await connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({places})"), values)  # noqa: S608


async def test_the_migrations_make_the_tables_of_the_code(bare: Database) -> None:
    for module in pkgutil.walk_packages(modelyard.domain.__path__, "modelyard.domain."):
        if module.name.endswith(".tables"):
            importlib.import_module(module.name)
    await upgrade_database(bare)

    async with bare.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []


def _differences(connection: Connection) -> list[Any]:
    # The full-text table is one of each database's own kind, which no class describes.
    opts = {"compare_type": True, "include_name": lambda name, *_: not str(name).startswith("search_texts")}
    context = MigrationContext.configure(connection, opts=opts)
    return list(compare_metadata(context, Base.metadata))


async def test_two_that_start_at_once_upgrade_once(bare: Database, empty: str) -> None:
    await _first_schema(bare)
    other = Database(empty)
    befores = await asyncio.gather(upgrade_database(bare), upgrade_database(other))
    await other.close()

    assert sorted(before or "" for before in befores) == ["0001", HEAD]
    async with bare.read() as session:
        assert len((await session.scalars(select(AuditEvent.id))).all()) == 1


async def test_the_newest_schema_is_left_alone(bare: Database) -> None:
    assert await upgrade_database(bare) is None
    assert await upgrade_database(bare) == HEAD


async def test_addresses_that_differ_by_case_are_named(bare: Database) -> None:
    await _first_schema(bare)
    async with bare.engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO users SELECT 'v', account_id, lower(email), first_name, last_name, "
                "title, password_hash, status, created_at FROM users"
            )
        )

    with pytest.raises(RuntimeError, match=r"ada@example\.org; change one"):
        await upgrade_database(bare)

    async with bare.engine.connect() as connection:
        assert await connection.scalar(text("SELECT version_num FROM alembic_version")) == "0001"


async def test_words_of_older_versions_become_first_revisions_of_cards(bare: Database) -> None:
    await _first_schema(bare)
    await upgrade_database(bare, "0002")
    model = {
        **dict.fromkeys(("author", "name", "description", "created_by_full_name"), "x"),
        **dict.fromkeys(("created_at", "updated_at", "last_active_at"), TIME),
        "id": "words",
        "account_id": "a",
        "team_id": "t",
        "created_by": "u",
        "created_by_email": "ada@example.org",
        "scope": "PRIVATE",
        "is_recommended": False,
        "is_commercial": False,
    }
    version = {
        **dict.fromkeys(("input_validation_schema", "long_description", "performance_summary", "version_history"), ""),
        **dict.fromkeys(("load_passed", "run_passed", "explains", "detects_drift"), False),
        "model_id": "words",
        "status": "active",
        "created_by_email": "ada@example.org",
        "statistics": "[]",
        "created_at": TIME,
        "updated_at": TIME,
        "minimum_engines": 0,
        "maximum_engines": 1,
        "batch_size": 1,
    }
    rows = [
        ("models", model),
        ("versions", version | {"id": 11, "version": "1.0.0", "technical_details": "A network."}),
        ("versions", version | {"id": 12, "version": "2.0.0", "technical_details": ""}),
    ]
    async with bare.engine.begin() as connection:
        for table, values in rows:
            places = ", ".join(f":{name}" for name in values)
            await connection.execute(text(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})"), values)  # noqa: S608

    await upgrade_database(bare)

    async with bare.read() as session:
        (revision,) = await session.scalars(select(CardRevision))
    assert (revision.version_id, revision.number, revision.content) == (11, 1, {})
    assert (revision.technical_details, revision.changed_by_email) == ("A network.", "ada@example.org")
