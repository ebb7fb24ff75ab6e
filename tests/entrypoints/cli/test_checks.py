"""What `modelyard doctor` finds without a container runtime."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from modelyard.entrypoints.cli import checks, main
from modelyard.entrypoints.cli.checks import local_findings
from modelyard.settings import Settings


def _finding(settings: Settings, code: str) -> tuple[bool, str, str]:
    (found,) = [finding for finding in local_findings(settings) if finding.code == code]
    return found.ok, found.text, found.hint or ""


def test_all_is_well(settings: Settings) -> None:
    assert [finding.code for finding in local_findings(settings)] == ["DATA-01", "DATA-02", "SECRET-01"]
    assert _finding(settings, "DATA-01")[0]
    assert _finding(settings, "SECRET-01")[0]


def test_data_directory_below_a_file(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ok, text, hint = _finding(settings.model_copy(update={"data_dir": tmp_path / "file" / "data"}), "DATA-01")

    assert not ok
    assert "cannot be written" in text
    assert "--data-dir" in hint


def test_little_disk(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "LITTLE_DISK", 10**18)
    ok, text, hint = _finding(settings, "DATA-02")

    assert not ok
    assert "GB are free" in text
    assert "Free at least" in hint


def test_secret_that_others_can_read(settings: Settings, data_dir: Path) -> None:
    file = data_dir / "secret.key"
    file.write_text("secret")
    without = settings.model_copy(update={"secret_key": type(settings.secret_key)("")})
    for mode, expected in ((0o600, True), (0o644, False), (0o640, False)):
        file.chmod(mode)
        ok, _, hint = _finding(without, "SECRET-01")
        assert ok is expected
        assert expected or "chmod 600" in hint


def test_doctor_without_a_runtime_says_what_to_do(
    settings: Settings, data_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MODELYARD_RUNTIME_SOCKET", str(tmp_path / "nothing.sock"))
    result = CliRunner().invoke(main, ["doctor", "--data-dir", str(data_dir)])

    assert result.exit_code == 1
    assert "DATA-01" in result.output
    assert "FAIL  RUNTIME-" in result.output
