"""What the database holds sealed: sealing it again, and whether all of it opens."""

from pathlib import Path

from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.runtimes.probe import Finding
from modelyard.core.counted import counted
from modelyard.core.database import Database
from modelyard.core.sealing import Sealer, SecretKeyWrong
from modelyard.data_directory import NEXT_SECRET_FILE, SECRET_FILE, secrets_of
from modelyard.domain.accounts.installation_secrets import seal_again
from modelyard.domain.images.credentials import seal_passwords_again
from modelyard.domain.jobs.callbacks import seal_callbacks_again
from modelyard.domain.jobs.sealed_sources import seal_sources_again
from modelyard.settings import Settings

WRONG_KEY = Finding(
    "SECRET-02",
    False,
    "What is sealed cannot be opened with this secret key.",
    "Restore the key, or name the one before in MODELYARD_PREVIOUS_SECRET_KEYS.",
)


async def seal_everything_again(session: AsyncSession, sealer: Sealer) -> int:
    """Seals all that is sealed under the newest key; returns how many secrets. Raises SecretKeyWrong."""
    number = await seal_again(session, sealer) + await seal_passwords_again(session, sealer)
    return number + await seal_sources_again(session, sealer) + await seal_callbacks_again(session, sealer)


async def require_all_open(session: AsyncSession, sealer: Sealer) -> int:
    """How many secrets are sealed, all of which can be opened. Changes nothing. Raises SecretKeyWrong."""
    with session.no_autoflush:  # a server may be running, whose turn it is to write
        number = await seal_everything_again(session, sealer)
    session.expunge_all()
    return number


def has_secret(settings: Settings, directory: Path) -> bool:
    """Whether there is a secret key already; asking for it would make one."""
    return bool(settings.secret_key.get_secret_value()) or (directory / SECRET_FILE).exists()


def database_of(settings: Settings, directory: Path) -> Database | None:
    """The database of these settings, unless it has not been made yet."""
    if not settings.database_url and not (directory / "modelyard.db").exists():
        return None
    return Database(settings.database_address())


async def sealed_finding(settings: Settings) -> Finding:
    """Whether everything that is sealed can be opened with the secret that is set."""
    directory = settings.data_dir.resolve()
    database = database_of(settings, directory)
    if database is None or not has_secret(settings, directory):
        return Finding("SECRET-02", True, "Nothing is sealed yet.")
    try:
        async with database.read() as session:
            number = await require_all_open(session, Sealer(*secrets_of(settings, directory)))
    except SecretKeyWrong:
        return WRONG_KEY
    except DatabaseError:
        return Finding("SECRET-02", True, "The database has an older schema; `modelyard migrate` brings it up to date.")
    finally:
        await database.close()
    if (directory / NEXT_SECRET_FILE).exists():
        hint = "Run: modelyard rotate-secret"
        return Finding("SECRET-02", False, "A change of the secret key was interrupted.", hint)
    return Finding("SECRET-02", True, f"What is sealed can be opened ({counted(number, 'secret')}).")
