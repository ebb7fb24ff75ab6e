"""The exchange of files holds against programs that swap directories for links."""

import os
import time
from pathlib import Path

import pytest

from modelyard.adapters.container_protocols.exchange import RunFolder, remove_tree


@pytest.fixture
def exchange(tmp_path: Path) -> Path:
    path = tmp_path / "exchange"
    path.mkdir()
    return path


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of the host that no program may see or lose."""
    path = tmp_path / "host" / "results.json"
    path.parent.mkdir()
    path.write_text("secret")
    return path


def test_inputs_are_written_and_outputs_come_back(exchange: Path) -> None:
    folder = RunFolder(exchange)
    folder.write_inputs({"a.txt": b"one", "b": b""})
    run = exchange / folder.name
    assert {path.name: path.read_bytes() for path in (run / "in").iterdir()} == {"a.txt": b"one", "b": b""}
    (run / "out" / "results.json").write_bytes(b"{}")
    assert folder.collect_outputs(100).outputs == {"results.json": b"{}"}
    folder.remove()
    assert list(exchange.iterdir()) == []


def test_files_are_linked_and_stay_where_they_were(exchange: Path, tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"many bytes")
    folder = RunFolder(exchange)
    folder.write_inputs({"a": large})
    assert (exchange / folder.name / "in" / "a").samefile(large)
    folder.remove()
    assert large.read_bytes() == b"many bytes"


def test_an_output_directory_that_became_a_link_is_not_followed(exchange: Path, secret: Path) -> None:
    folder = RunFolder(exchange)
    folder.write_inputs({})
    out = exchange / folder.name / "out"
    out.rmdir()
    out.symlink_to(secret.parent)
    with pytest.raises(OSError, match="out"):
        folder.collect_outputs(100)
    assert secret.read_text() == "secret"
    folder.remove()
    assert list(exchange.iterdir()) == []


def test_a_run_directory_that_became_a_link_is_not_followed(exchange: Path, secret: Path) -> None:
    (secret.parent / "out").mkdir()
    folder = RunFolder(exchange)
    folder.write_inputs({})
    run = exchange / folder.name
    run.rename(exchange / "moved")
    run.symlink_to(secret.parent)
    with pytest.raises(OSError, match=folder.name):
        folder.collect_outputs(100)
    folder.remove()
    assert secret.read_text() == "secret"


def test_directories_of_enormous_depth_are_removed(exchange: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = RunFolder(exchange)
    folder.write_inputs({})
    monkeypatch.chdir(exchange / folder.name / "out")
    for _ in range(1500):
        os.mkdir("d")  # noqa: PTH102
        os.chdir("d")
    assert folder.collect_outputs(100).error == "The output 'd' is not a regular file."
    folder.remove()
    assert list(exchange.iterdir()) == []


def test_removal_ends_although_a_program_goes_on_writing(exchange: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def remove_and_find_more(top: int, deadline: float) -> bool:
        time.sleep(0.001)
        return True

    folder = RunFolder(exchange)
    folder.write_inputs({})
    began = time.monotonic()
    with monkeypatch.context() as patched:
        patched.setattr(f"{RunFolder.__module__}._remove_level", remove_and_find_more)
        patched.setattr(f"{RunFolder.__module__}.SECONDS_BESIDE_A_PROGRAM", 0.2)
        folder.remove()
    assert time.monotonic() - began < 10
    remove_tree(exchange)
    assert not exchange.exists()


def test_removal_follows_no_links(exchange: Path, secret: Path) -> None:
    (exchange / "a" / "b").mkdir(parents=True)
    (exchange / "a" / "b" / "file").write_text("x")
    (exchange / "a" / "link").symlink_to(secret.parent)
    (exchange / "link").symlink_to(secret)
    remove_tree(exchange)
    assert not exchange.exists()
    assert secret.read_text() == "secret"
    remove_tree(exchange)
