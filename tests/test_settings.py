"""Settings: defaults, the environment, secrets in files, and wrong values."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError
from pydantic_settings import SettingsError

from modelyard.core.group_teams import GroupTeam
from modelyard.settings import Settings


@pytest.fixture(autouse=True)
def _clean_environment(settings: Settings) -> None:
    """The fixture `settings` takes what others have set out of the environment."""


def test_defaults_serve_this_machine_only() -> None:
    assert (Settings().host, Settings().port) == ("127.0.0.1", 8080)
    assert Settings().cors_origins == ()


def test_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELYARD_PORT", "9000")
    monkeypatch.setenv("MODELYARD_INSECURE_REGISTRIES", "localhost:5000, registry.example:80 ,")

    settings = Settings()

    assert settings.port == 9000
    assert settings.insecure_registries == ("localhost:5000", "registry.example:80")


def test_what_is_given_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELYARD_PORT", "9000")

    assert Settings.model_validate({"port": 1234}).port == 1234


def test_secret_is_read_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("geheimnis ☃\n", encoding="utf-8")
    monkeypatch.setenv("MODELYARD_ADMIN_PASSWORD_FILE", str(file))

    assert Settings().admin_password.get_secret_value() == "geheimnis ☃"


def test_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("in the file")
    monkeypatch.setenv("MODELYARD_ADMIN_PASSWORD_FILE", str(tmp_path / "password"))
    monkeypatch.setenv("MODELYARD_ADMIN_PASSWORD", "in the environment")

    assert Settings().admin_password.get_secret_value() == "in the environment"


def test_file_that_cannot_be_read_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MODELYARD_SECRET_KEY_FILE", str(tmp_path / "nothing"))

    with pytest.raises(SettingsError, match="secret_key"):
        Settings()


def test_log_level_may_be_in_capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELYARD_LOG_LEVEL", "WARNING")

    assert Settings().log_level == "warning"


def test_teams_of_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELYARD_OIDC_TEAMS", "ops=Administrators:ACCOUNT_ADMIN")
    assert Settings().oidc_teams == (GroupTeam("ops", "Administrators", ("ACCOUNT_ADMIN",)),)

    monkeypatch.setenv("MODELYARD_OIDC_TEAMS", "ops:Administrators")
    with pytest.raises(ValidationError, match=r"oidc_teams\n.*'ops:Administrators' is not group=Team:ROLE,ROLE"):
        Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "-1"),
        ("port", "65536"),
        ("port", "http"),
        ("max_body_bytes", "0"),
        ("max_items_per_job", "-5"),
        ("input_retention_hours", "0"),
        ("engine_idle_seconds", "-0.5"),
        ("work_concurrency", "0"),
        ("log_level", "loud"),
        ("admin_api_key", "only-one-part"),
        ("admin_api_key", "short.body"),
        ("admin_api_key", "three.parts.of12345678"),
    ],
)
def test_wrong_value_is_named(name: str, value: str) -> None:
    with pytest.raises(ValidationError, match=name):
        Settings.model_validate({name: value})


def test_the_address_of_the_database(tmp_path: Path) -> None:
    own = Settings.model_validate({"data_dir": tmp_path}).database_address()
    assert own.drivername == "sqlite+aiosqlite"
    assert own.database == str(tmp_path / "modelyard.db")

    settings = Settings.model_validate({"database_url": "postgresql://ada:hunter2@db.example.org/models"})
    assert settings.database_address().password == "hunter2"
    assert "hunter2" not in repr(settings)


def test_an_address_that_cannot_be_used_is_not_shown() -> None:
    with pytest.raises(ValidationError, match="the scheme 'mysql'") as refused:
        Settings.model_validate({"database_url": "mysql://ada:hunter2@db.example.org/models"})

    assert "hunter2" not in str(refused.value)


def test_nothing_changes_settings() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]


def test_secrets_are_not_shown() -> None:
    settings = Settings(admin_api_key=SecretStr("prefix12345.body123456"), secret_key=SecretStr("hunter2"))

    assert "body123456" not in repr(settings)
    assert "hunter2" not in repr(settings)
