"""The exchange of files holds against programs that swap directories for links."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from modelyard.adapters.container_protocols.exchange import FEW_FILES, OUTPUT_FOLDER, RunFolder, TakesTime, remove_tree
from modelyard.adapters.container_protocols.output_files import (
    LARGEST_IN_MEMORY,
    LargeOutput,
    OutputChanged,
    OutputGone,
)


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


def test_few_small_files_are_collected_and_removed_at_once(exchange: Path) -> None:
    folder = RunFolder(exchange)
    folder.write_inputs({"a.txt": b"one"})
    (exchange / folder.name / "out" / "results.json").write_bytes(b"{}")

    assert folder.collect_few_outputs(100).outputs == {"results.json": b"{}"}
    assert folder.remove_few()
    assert list(exchange.iterdir()) == []


def _a_large_file(out: Path) -> None:
    (out / "large").write_bytes(os.urandom(3 * LARGEST_IN_MEMORY))


def _many_files(out: Path) -> None:
    for number in range(FEW_FILES + 1):
        (out / str(number)).write_bytes(b"")


@pytest.mark.parametrize("write", [_a_large_file, _many_files])
def test_what_takes_time_is_left_to_a_thread(exchange: Path, write: Callable[[Path], None]) -> None:
    folder = _run_with(exchange)
    write(exchange / folder.name / "out")

    with pytest.raises(TakesTime):
        folder.collect_few_outputs(NO_LIMIT)
    assert _kept(exchange) == []
    assert not folder.remove_few()
    assert folder.collect_outputs(NO_LIMIT).error is None
    folder.remove()
    assert list(exchange.iterdir()) == []


def test_a_directory_among_the_outputs_is_left_to_a_thread(exchange: Path) -> None:
    folder = _run_with(exchange)
    (exchange / folder.name / "out" / "deep" / "deeper").mkdir(parents=True)

    assert not folder.remove_few()
    folder.remove()
    assert list(exchange.iterdir()) == []


def test_a_large_input_that_is_linked_is_unlinked_at_once(exchange: Path, tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(os.urandom(3 * LARGEST_IN_MEMORY))
    folder = RunFolder(exchange)
    folder.write_inputs({"a": large})

    assert folder.remove_few()
    assert large.exists()


LARGE = bytes(range(256)) * 300
NO_LIMIT = 1 << 40


def _run_with(exchange: Path, **outputs: bytes) -> RunFolder:
    folder = RunFolder(exchange)
    folder.write_inputs({})
    for name, content in outputs.items():
        (exchange / folder.name / "out" / name).write_bytes(content)
    return folder


def _kept(exchange: Path) -> list[Path]:
    return list((exchange.parent / OUTPUT_FOLDER).glob("*"))


async def test_large_outputs_are_moved_away(exchange: Path) -> None:
    folder = _run_with(exchange, small=b"x" * LARGEST_IN_MEMORY, large=LARGE)
    outputs = folder.collect_outputs(NO_LIMIT).outputs
    folder.remove()

    large = outputs["large"]
    assert outputs["small"] == b"x" * LARGEST_IN_MEMORY
    assert isinstance(large, LargeOutput)
    assert (large.size, large.path.parent.stat().st_mode & 0o777) == (len(LARGE), 0o700)
    assert b"".join([piece async for piece in large.pieces()]) == large.read() == LARGE
    assert large.read(5) == LARGE[:5]


def test_outputs_that_are_too_large_together_leave_no_file(exchange: Path) -> None:
    folder = _run_with(exchange, one=LARGE, two=LARGE)
    outcome = folder.collect_outputs(2 * len(LARGE) - 1)

    assert "larger than the limit" in (outcome.error or "")
    assert _kept(exchange) == []
    assert folder.collect_outputs(NO_LIMIT).error is None  # what was not taken


def test_a_bad_output_leaves_no_file_of_the_others(exchange: Path) -> None:
    folder = _run_with(exchange, one=LARGE)
    (exchange / folder.name / "out" / "pipe").mkdir()

    assert "not a regular file" in (folder.collect_outputs(NO_LIMIT).error or "")
    assert _kept(exchange) == []


@pytest.mark.parametrize("size", [LARGEST_IN_MEMORY, len(LARGE) - 1])
async def test_a_program_cannot_change_what_it_gave(exchange: Path, size: int) -> None:
    folder = _run_with(exchange)
    with (exchange / folder.name / "out" / "large").open("wb") as still_open:
        still_open.write(LARGE)
        still_open.flush()
        large = folder.collect_outputs(NO_LIMIT).outputs["large"]
        assert isinstance(large, LargeOutput)
        still_open.write(b"more")
        still_open.flush()
        assert b"".join([piece async for piece in large.pieces()]) == large.read() == LARGE
        still_open.truncate(size)
    with pytest.raises(OutputChanged):
        large.read()
    with pytest.raises(OutputChanged):
        [piece async for piece in large.pieces()]


def test_what_takes_the_place_of_an_output_is_not_followed(
    exchange: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _run_with(exchange, large=LARGE)
    rename = os.rename

    def swap_first(source: str, target: str, **places: int) -> None:
        os.unlink(source, dir_fd=places["src_dir_fd"])
        os.symlink(secret, source, dir_fd=places["src_dir_fd"])
        rename(source, target, **places)

    monkeypatch.setattr(os, "rename", swap_first)
    assert folder.collect_outputs(NO_LIMIT).error == "The output 'large' changed while it was read."
    assert _kept(exchange) == []
    assert secret.read_text() == "secret"


def test_an_output_that_went_with_its_engine(exchange: Path) -> None:
    large = _run_with(exchange, large=LARGE).collect_outputs(NO_LIMIT).outputs["large"]
    assert isinstance(large, LargeOutput)
    large.path.unlink()
    with pytest.raises(OutputGone):
        large.read()


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
