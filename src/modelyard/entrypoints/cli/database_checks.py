"""What `modelyard doctor` finds out about the database; `serve` asks the same before it starts."""

from sqlalchemy import URL, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from modelyard.adapters.runtimes.probe import Finding
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.core.postgres import OLDEST_VERSION
from modelyard.settings import Settings

_LONGEST_REASON = 300
_FACTS = text("""
    SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS version_name,
        current_setting('server_encoding') AS encoding,
        coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create
""")


async def database_findings(settings: Settings) -> list[Finding]:
    """Whether the database can be reached, and is one that we can work with."""
    address = settings.database_address()
    if address.get_backend_name() == "sqlite":
        return [Finding("DATABASE-01", True, f"The database is SQLite in {address.database}.")]
    database = Database(address)
    try:
        async with database.engine.connect() as connection:
            return [_reachable(address), *await _look_at(connection)]
    except (PlatformError, SQLAlchemyError, OSError) as error:
        return [_not_reachable(address, error)]
    finally:
        await database.close()


async def _look_at(connection: AsyncConnection) -> list[Finding]:
    facts = (await connection.execute(_FACTS)).one()
    return [
        _version(facts.version, facts.version_name),
        _encoding(facts.encoding),
        _rights(may_create=facts.may_create),
    ]


def _reachable(address: URL) -> Finding:
    return Finding("DATABASE-01", True, f"The database {_shown(address)} can be reached.")


def _not_reachable(address: URL, error: Exception) -> Finding:
    reason = " ".join(str(error.__cause__ or error).split())
    if address.password:
        reason = reason.replace(str(address.password), "***")
    return Finding(
        "DATABASE-01",
        False,
        f"The database {_shown(address)} cannot be reached: {reason[:_LONGEST_REASON]}",
        "Check that it runs, and MODELYARD_DATABASE_URL: its host, name, user and password.",
    )


def _version(number: int, name: str) -> Finding:
    if number >= OLDEST_VERSION * 10_000:
        return Finding("DATABASE-02", True, f"It is PostgreSQL {name}.")
    hint = f"Use PostgreSQL {OLDEST_VERSION} or newer."
    return Finding("DATABASE-02", False, f"It is PostgreSQL {name}, which is too old.", hint)


def _encoding(name: str) -> Finding:
    if name == "UTF8":
        return Finding("DATABASE-03", True, "It stores texts as UTF8.")
    hint = "Make another one: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0."
    return Finding("DATABASE-03", False, f"It stores texts as {name}, which lacks characters.", hint)


def _rights(*, may_create: bool) -> Finding:
    if may_create:
        return Finding("DATABASE-04", True, "Its user may create tables.")
    hint = "Let the user own the database, or run: GRANT CREATE, USAGE ON SCHEMA public TO …"
    return Finding("DATABASE-04", False, "Its user may not create tables.", hint)


def _shown(address: URL) -> str:
    """Without the password, and without the name of the driver."""
    return address.set(drivername="postgresql").render_as_string(hide_password=True)
