"""A new secret key: everything opens afterwards, whatever happens in between."""

import asyncio
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from modelyard.app import Platform, real_adapters
from modelyard.data_directory import NEXT_SECRET_FILE, SECRET_FILE, lock_data_directory
from modelyard.domain.accounts.credentials import Credentials
from modelyard.domain.images.request_import import request_pull
from modelyard.domain.images.tables import ContainerImage
from modelyard.entrypoints.cli import main, secret_rotation
from modelyard.settings import Settings
from tests.cast import CAST, SECRET, authorization

PASSWORD = "the registry's password"


@pytest.fixture
def directory(data_dir: Path, database_address: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with a key in a file, and a password of a registry that is sealed with it."""
    for name in ("MODELYARD_SECRET_KEY", "MODELYARD_PREVIOUS_SECRET_KEYS"):
        monkeypatch.delenv(name, raising=False)
    (data_dir / SECRET_FILE).write_text(SECRET)
    (data_dir / SECRET_FILE).chmod(0o600)
    asyncio.run(_keep_a_password(data_dir))
    return data_dir


async def _keep_a_password(data_dir: Path) -> None:
    platform = _platform(data_dir)
    await platform.prepare()
    reference = platform.registry.parse("registry.example/echo:1")
    async with platform.database.write() as session:
        image = await request_pull(
            session, platform.clock, platform.sealer, reference, username="ada", password=PASSWORD
        )
        image.id = "sealed"
    await platform._close()


def _platform(data_dir: Path, **settings: str) -> Platform:
    read = Settings.model_validate({"data_dir": data_dir, **settings})
    return Platform(read, real_adapters(read))


async def _opens(data_dir: Path, **settings: str) -> None:
    """A server on the directory knows Alice's key and the registry's password."""
    platform = _platform(data_dir, **settings)
    try:
        await platform.prepare()
        actor = await platform.authenticator.find_actor(Credentials(authorization(CAST.alice)))
        async with platform.database.read() as session:
            image = await session.get_one(ContainerImage, "sealed")
        assert actor.email == CAST.alice.email
        assert platform.sealer.open(image.sealed_password or "") == PASSWORD
    finally:
        await platform._close()


def _run(command: str, data_dir: Path) -> Result:
    return CliRunner().invoke(main, [command, "--data-dir", str(data_dir)])


def test_everything_opens_with_the_new_key_alone(directory: Path) -> None:
    before = (directory / SECRET_FILE).read_bytes()

    result = _run("rotate-secret", directory)

    assert result.exit_code == 0, result.output
    assert "2 secrets" in result.output
    assert (directory / SECRET_FILE).read_bytes() != before
    assert (directory / SECRET_FILE).stat().st_mode & 0o077 == 0
    assert not (directory / NEXT_SECRET_FILE).exists()
    asyncio.run(_opens(directory))


def test_the_old_key_opens_nothing_any_more(directory: Path) -> None:
    old = (directory / SECRET_FILE).read_text()
    assert _run("rotate-secret", directory).exit_code == 0
    (directory / SECRET_FILE).write_text(old)

    doctor = _run("doctor", directory)

    assert "SECRET-02" in doctor.output
    assert "cannot be opened" in doctor.output


@pytest.mark.parametrize("moment", ["before the database", "after the database"])
def test_an_interruption_harms_nothing(directory: Path, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    old = directory.parent / "old.key"
    shutil.copy(directory / SECRET_FILE, old)
    if moment == "before the database":

        async def _fail(*_: object) -> int:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(secret_rotation, "seal_everything_again", _fail)
            _run("rotate-secret", directory)
    else:
        assert _run("rotate-secret", directory).exit_code == 0
        (directory / SECRET_FILE).rename(directory / NEXT_SECRET_FILE)
        shutil.copy(old, directory / SECRET_FILE)

    assert (directory / NEXT_SECRET_FILE).exists()
    asyncio.run(_opens(directory))
    assert "was interrupted" in _run("doctor", directory).output
    assert _run("rotate-secret", directory).exit_code == 0
    assert not (directory / NEXT_SECRET_FILE).exists()
    asyncio.run(_opens(directory))


KILLED_AT = {
    "before sealing": "secret_rotation.seal_everything_again = die",
    "before the commit": "secret_rotation.record = die",
    "after the commit": "pathlib.Path.replace = die",
    "at the end": "secret_rotation.keep_directory = die",
}


@pytest.mark.parametrize("moment", KILLED_AT)
def test_a_kill_at_any_moment_harms_nothing(directory: Path, moment: str) -> None:
    program = (
        "import os, pathlib, signal, sys\n"
        "from modelyard.entrypoints.cli import secret_rotation\n"
        "def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)\n"
        f"{KILLED_AT[moment]}\n"
        "secret_rotation.run_rotation({'data_dir': sys.argv[1]})"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(directory)], check=False, capture_output=True)

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    asyncio.run(_opens(directory))
    assert _run("rotate-secret", directory).exit_code == 0
    assert not (directory / NEXT_SECRET_FILE).exists()
    asyncio.run(_opens(directory))


def test_with_a_wrong_key_nothing_happens(directory: Path) -> None:
    (directory / SECRET_FILE).write_text("wrong")

    result = _run("rotate-secret", directory)

    assert result.exit_code == 1
    assert "SECRET-02" in result.output
    assert "MODELYARD_PREVIOUS_SECRET_KEYS" in result.output
    assert not (directory / NEXT_SECRET_FILE).exists()
    (directory / SECRET_FILE).write_text(SECRET)
    asyncio.run(_opens(directory))


@pytest.mark.parametrize("database", ["none", "none of ours", "without a key"])
def test_nothing_to_rotate(tmp_path: Path, directory: Path, database: str) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    if database == "none of ours":
        (empty / SECRET_FILE).write_text(SECRET)
        (empty / "modelyard.db").touch()
    elif database == "without a key":
        shutil.copy(directory / "modelyard.db", empty)
    before = {path.name for path in empty.iterdir()}

    result = _run("rotate-secret", empty)

    assert result.exit_code == 1
    assert "Error: " in result.output
    assert isinstance(result.exception, SystemExit)
    assert {path.name for path in empty.iterdir()} - before <= {"lock", "modelyard.db-shm", "modelyard.db-wal"}


def test_a_server_says_that_its_key_is_wrong(directory: Path) -> None:
    (directory / SECRET_FILE).write_text("wrong")
    command = [sys.executable, "-m", "modelyard", "serve", "--port", "0", "--data-dir", str(directory)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)

    assert done.returncode == 1
    assert "SECRET-02" in done.stderr
    assert "MODELYARD_PREVIOUS_SECRET_KEYS" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_key_from_the_environment(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (directory / SECRET_FILE).unlink()
    monkeypatch.setenv("MODELYARD_SECRET_KEY", "a new secret key")
    assert "SECRET-02" in _run("rotate-secret", directory).output
    monkeypatch.setenv("MODELYARD_PREVIOUS_SECRET_KEYS", SECRET)

    assert _run("rotate-secret", directory).exit_code == 0

    monkeypatch.delenv("MODELYARD_PREVIOUS_SECRET_KEYS")
    asyncio.run(_opens(directory, secret_key="a new secret key"))


def test_not_while_the_server_runs(directory: Path) -> None:
    with lock_data_directory(directory):
        result = _run("rotate-secret", directory)

    assert result.exit_code == 1
    assert "uses the data directory" in result.output
