"""Files for secrets."""

from pathlib import Path

import pytest

from modelyard.entrypoints.cli.exit_codes import CommandFailed, Exit
from modelyard.entrypoints.cli.secret_file import new_secret_file


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    with new_secret_file(tmp_path / "key") as write:
        write("secret\n")

    assert (tmp_path / "key").read_text() == "secret\n"
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("mine")

    with pytest.raises(CommandFailed, match="there already") as caught, new_secret_file(tmp_path / "key"):
        pass
    assert caught.value.code == Exit.USAGE
    assert (tmp_path / "key").read_text() == "mine"


def test_a_failure_leaves_no_empty_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), new_secret_file(tmp_path / "key"):
        raise RuntimeError

    assert not (tmp_path / "key").exists()


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="cannot be written"), new_secret_file(tmp_path / "no" / "key"):
        pass
