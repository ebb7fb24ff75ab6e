"""`modelyard export` and `modelyard import`, as somebody types them."""

import asyncio
import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from modelyard.app import Platform, real_adapters
from modelyard.data_directory import SECRET_FILE, lock_data_directory
from modelyard.domain.accounts.credentials import Credentials
from modelyard.entrypoints.cli import main
from modelyard.settings import Settings
from tests.cast import CAST, SECRET, authorization


@pytest.fixture
def old(settings: Settings, data_dir: Path) -> Path:
    """A data directory with the cast, a key in a file, and a stored file; `settings` clears the environment."""
    (data_dir / SECRET_FILE).write_text(SECRET)
    (data_dir / SECRET_FILE).chmod(0o600)
    stored = data_dir / "files" / "pictures"
    stored.mkdir(parents=True)
    (stored / "a.png").write_bytes(b"picture")
    return data_dir


@pytest.fixture
def new(tmp_path: Path, old: Path) -> Path:
    """A data directory with nothing but the key."""
    directory = tmp_path / "new"
    directory.mkdir()
    shutil.copy(old / SECRET_FILE, directory)
    return directory


def run(*arguments: str | Path, stdin: bytes = b"", code: int = 0) -> Result:
    """One command, after checking its exit code."""
    result = CliRunner().invoke(main, [str(each) for each in arguments], input=stdin)
    assert result.exit_code == code, (result.output, result.exception)
    assert "Traceback" not in result.output
    return result


def export(old: Path, file: Path) -> None:
    run("export", file, "--no-images", "--data-dir", old)


async def _knows_alice(data_dir: Path) -> None:
    settings = Settings.model_validate({"data_dir": data_dir})
    platform = Platform(settings, real_adapters(settings))
    try:
        await platform.prepare()
        actor = await platform.authenticator.find_actor(Credentials(authorization(CAST.alice)))
        assert actor.email == CAST.alice.email
        assert platform.first_key is None
    finally:
        await platform._close()


def test_keys_files_and_the_audit_trail_move(old: Path, new: Path, tmp_path: Path) -> None:
    file = tmp_path / "moved.tar"

    exported = run("export", file, "--no-images", "--data-dir", old)
    imported = run("import", file, "--data-dir", new)

    assert "1 file " in exported.output
    assert "table users" in exported.output
    assert "1 file " in imported.output
    assert f"`modelyard serve --data-dir {new.resolve()}`" in imported.output
    assert file.stat().st_mode & 0o077 == 0
    assert (new / "files" / "pictures" / "a.png").read_bytes() == b"picture"
    assert "is sound" in run("audit", "verify", "--data-dir", new).output
    assert sorted(path.name for path in new.iterdir()) == ["files", "lock", "modelyard.db", SECRET_FILE]
    asyncio.run(_knows_alice(new))


def test_through_a_pipe(old: Path, new: Path) -> None:
    exported = run("export", "-", "--no-images", "--data-dir", old)

    run("import", "-", "--data-dir", new, stdin=exported.stdout_bytes)

    asyncio.run(_knows_alice(new))


def test_not_while_a_server_runs(old: Path, new: Path, tmp_path: Path) -> None:
    file = tmp_path / "moved.tar"
    with contextlib.closing(lock_data_directory(old)):
        assert "stop it" in run("export", file, "--data-dir", old, code=1).output
    assert not file.exists()
    export(old, file)
    with contextlib.closing(lock_data_directory(new)):
        assert "stop it" in run("import", file, "--data-dir", new, code=1).output


def test_what_is_no_installation_is_not_exported(tmp_path: Path, old: Path) -> None:
    file = tmp_path / "moved.tar"
    assert "There is nothing in" in run("export", file, "--data-dir", tmp_path / "none", code=1).output
    assert "no installation" in run("export", file, "--data-dir", tmp_path, code=1).output
    (old / SECRET_FILE).unlink()
    assert f"There is no {old / SECRET_FILE}" in run("export", file, "--data-dir", old, code=1).output
    assert not file.exists()
    assert not (old / SECRET_FILE).exists()


def test_an_older_schema_has_to_be_upgraded_first(old: Path, new: Path, tmp_path: Path) -> None:
    file = tmp_path / "moved.tar"
    export(old, file)
    for directory in (old, new):
        with contextlib.closing(sqlite3.connect(directory / "modelyard.db")) as connection, connection:
            connection.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num TEXT)")
            connection.execute("DELETE FROM alembic_version")
            connection.execute("INSERT INTO alembic_version VALUES ('0001')")

    exported = run("export", tmp_path / "other.tar", "--data-dir", old, code=1)
    imported = run("import", file, "--data-dir", new, code=1)

    assert "modelyard migrate" in exported.output
    assert "an empty database" in imported.output


def test_a_file_that_is_there_stays_unless_it_is_to_go(old: Path, tmp_path: Path) -> None:
    file = tmp_path / "moved.tar"
    file.write_bytes(b"mine")

    assert "--overwrite" in run("export", file, "--no-images", "--data-dir", old, code=2).output
    assert file.read_bytes() == b"mine"
    run("export", file, "--no-images", "--overwrite", "--data-dir", old)
    assert file.read_bytes() != b"mine"


def test_nothing_is_left_of_an_export_that_fails(old: Path, tmp_path: Path) -> None:
    directory = tmp_path / "exports"
    directory.mkdir()
    with contextlib.closing(sqlite3.connect(old / "modelyard.db")) as connection, connection:
        connection.execute("DROP TABLE loose_files")

    failed = CliRunner().invoke(main, ["export", str(directory / "a.tar"), "--no-images", "--data-dir", str(old)])

    assert failed.exit_code == 1
    assert list(directory.iterdir()) == []


def test_an_import_wants_the_key_and_an_empty_place(old: Path, new: Path, tmp_path: Path) -> None:
    file = tmp_path / "moved.tar"
    export(old, file)
    assert "table" in run("import", file, "--data-dir", old, code=1).output

    (new / SECRET_FILE).unlink()
    assert f"There is no {new / SECRET_FILE}" in run("import", file, "--data-dir", new, code=1).output
    assert not (new / SECRET_FILE).exists()
    (new / SECRET_FILE).write_text("another")
    assert "another secret key" in run("import", file, "--data-dir", new, code=1).output


def test_what_is_no_export_is_not_imported(new: Path, tmp_path: Path) -> None:
    file = tmp_path / "moved.tar"
    assert "No such file" in run("import", file, "--data-dir", new, code=1).output
    file.write_bytes(b"something else" * 1000)
    assert "no whole export" in run("import", file, "--data-dir", new, code=1).output
    assert "truncated" in run("import", "-", "--data-dir", new, code=1).output


def test_a_file_that_cannot_be_written_is_told(old: Path, tmp_path: Path) -> None:
    assert "cannot be read or written" in run("export", tmp_path / "none" / "a.tar", "--data-dir", old, code=1).output
