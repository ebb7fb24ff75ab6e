"""The command line: help without heavy imports, findings with hints, migration, and refusals in plain words."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import modelyard
from modelyard.app import Platform
from modelyard.entrypoints.cli import main
from modelyard.migrations.upgrade import HEAD
from modelyard.settings import Settings

HEAVY = ("aiohttp", "alembic", "fastapi", "grpc", "obstore", "PIL", "pydantic", "rich", "sqlalchemy", "uvicorn")


@pytest.fixture(autouse=True)
def _clean_environment(settings: Settings) -> None:
    """The fixture `settings` takes what others have set out of the environment."""


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("command", [(), ("serve",), ("doctor",), ("migrate",)])
def test_help(command: tuple[str, ...]) -> None:
    for word in ("--help", "-h"):
        result = _run(*command, word)
        assert result.exit_code == 0
        assert "Usage:" in result.output


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom modelyard.entrypoints.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        f"print('loaded', sorted(set({HEAVY}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)

    assert "Commands:" in done.stdout
    assert done.stdout.strip().endswith("loaded []")


def test_version() -> None:
    assert modelyard.__version__ in _run("--version").output


@pytest.mark.parametrize("command", ["serve", "doctor", "migrate"])
def test_wrong_setting_is_told_without_a_traceback(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELYARD_MAX_BODY_BYTES", "-5")
    monkeypatch.setenv("MODELYARD_LOG_LEVEL", "loud")
    result = _run(command)

    assert result.exit_code == 1
    assert "max_body_bytes" in result.output
    assert "log_level" in result.output
    assert isinstance(result.exception, SystemExit)


def test_secret_in_a_wrong_setting_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELYARD_ADMIN_API_KEY", "hunter2")
    result = _run("migrate")

    assert "admin_api_key" in result.output
    assert "hunter2" not in result.output


def test_setting_in_a_file_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MODELYARD_SECRET_KEY_FILE", str(tmp_path / "nothing"))
    result = _run("migrate")

    assert result.exit_code == 1
    assert "cannot be read" in result.output


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_wrong_port(port: str) -> None:
    result = _run("serve", "--port", port)

    assert result.exit_code == 2
    assert "--port" in result.output


def test_unknown_command() -> None:
    assert _run("conquer").exit_code == 2


def test_migration_of_nothing_and_again(tmp_path: Path) -> None:
    first = _run("migrate", "--data-dir", str(tmp_path / "new" / "deep"))
    second = _run("migrate", "--data-dir", str(tmp_path / "new" / "deep"))

    assert first.output == f"The database was upgraded from nothing to {HEAD}.\n"
    assert second.output == f"The database is at the newest schema already ({HEAD}).\n"


def test_data_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for command in ("serve", "migrate", "doctor"):
        result = _run(command, "--data-dir", str(tmp_path / "file"))
        assert result.exit_code == 2
        assert "is a file" in result.output


async def test_second_server_on_the_same_data_is_refused(platform: Platform) -> None:
    command = [sys.executable, "-m", "modelyard", "serve", "--port", "0", "--data-dir", str(platform.data_dir)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)

    assert done.returncode == 1
    assert "Another modelyard server uses the data directory" in done.stderr
    assert str(platform.data_dir) in done.stderr
    assert "Traceback" not in done.stderr
