"""What `modelyard doctor` and `modelyard serve` say about the database."""

from collections.abc import Iterator

import psycopg
import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from modelyard.adapters.runtimes.probe import Finding
from modelyard.entrypoints.cli import main
from modelyard.entrypoints.cli.database_checks import database_findings
from modelyard.settings import Settings
from tests.postgres_cluster import Cluster

PASSWORD = "p%40ss/word"
NOBODY_THERE = f"postgresql://ada:{PASSWORD}@127.0.0.1:1/models"


async def _findings(settings: Settings, address: str) -> dict[str, Finding]:
    found = await database_findings(settings.model_copy(update={"database_url": SecretStr(address)}))
    return {finding.code: finding for finding in found}


async def test_sqlite_says_where_it_is(settings: Settings) -> None:
    (finding,) = await database_findings(settings)

    assert finding.ok
    assert str(settings.data_dir) in finding.text


async def test_a_database_that_is_away_is_named_without_its_password(settings: Settings) -> None:
    found = await _findings(settings, NOBODY_THERE)

    assert set(found) == {"DATABASE-01"}
    assert not found["DATABASE-01"].ok
    assert "postgresql://ada:***@127.0.0.1:1/models" in found["DATABASE-01"].text
    assert "refused" in found["DATABASE-01"].text
    assert "MODELYARD_DATABASE_URL" in found["DATABASE-01"].hint
    assert "word" not in f"{found['DATABASE-01']}".replace("user and password", "")


@pytest.mark.parametrize("command", ["doctor", "serve", "migrate"])
def test_no_command_shows_the_password(settings: Settings, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("MODELYARD_DATABASE_URL", NOBODY_THERE)
    result = CliRunner().invoke(main, [command, "--data-dir", str(settings.data_dir)])

    assert result.exit_code == 1
    assert "p@ss" not in result.output
    assert "p%40ss" not in result.output
    assert "database" in result.output


@pytest.mark.postgres
async def test_a_good_one(settings: Settings) -> None:
    found = await database_findings(settings)

    assert [finding.code for finding in found] == ["DATABASE-01", "DATABASE-02", "DATABASE-03", "DATABASE-04"]
    assert all(finding.ok for finding in found), found


@pytest.fixture
def latin(cluster: Cluster) -> Iterator[str]:
    """A database for some western languages, whose user may only look at it."""
    cluster.commands.execute(
        "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc"
    )
    cluster.commands.execute("CREATE USER visitor")
    yield cluster.address("latin").replace("modelyard@", "visitor@", 1)
    cluster.drop("latin")
    cluster.commands.execute("DROP USER visitor")


@pytest.mark.postgres
async def test_one_that_cannot_be_used(settings: Settings, latin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelyard.entrypoints.cli.database_checks.OLDEST_VERSION", 99)
    found = await _findings(settings, latin)

    assert {code: finding.ok for code, finding in found.items()} == {
        "DATABASE-01": True,
        "DATABASE-02": False,
        "DATABASE-03": False,
        "DATABASE-04": False,
    }
    assert "too old" in found["DATABASE-02"].text
    assert "LATIN1" in found["DATABASE-03"].text
    assert "GRANT" in found["DATABASE-04"].hint


@pytest.mark.postgres
def test_doctor_names_all_of_it(settings: Settings, monkeypatch: pytest.MonkeyPatch, database_address: str) -> None:
    with psycopg.connect(database_address) as connection:
        version = connection.info.parameter_status("server_version") or ""
    monkeypatch.setenv("MODELYARD_DATABASE_URL", database_address)
    monkeypatch.setenv("MODELYARD_RUNTIME_SOCKET", str(settings.data_dir / "nothing.sock"))
    result = CliRunner().invoke(main, ["doctor", "--data-dir", str(settings.data_dir)])

    assert "ok    DATABASE-01" in result.output
    assert f"It is PostgreSQL {version}" in result.output
    assert "ok    DATABASE-04" in result.output
