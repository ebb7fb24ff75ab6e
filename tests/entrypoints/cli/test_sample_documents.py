"""Samples out of test files: texts as they are, other files embedded, large ones not at all."""

import base64
from pathlib import Path

import pytest

from modelyard.entrypoints.cli.sample_documents import LARGEST_SAMPLE, sample_input, sample_output


def _file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_texts(tmp_path: Path) -> None:
    files = {"a": (_file(tmp_path, "a", "gut, schön".encode()), "text/plain")}

    sample = sample_input("abc", "1.0.0", files)

    assert sample is not None
    assert sample["model"] == {"identifier": "abc", "version": "1.0.0"}
    assert sample["input"] == {"type": "text", "sources": {"0001": {"a": "gut, schön"}}}


@pytest.mark.parametrize("content", [b"\x89PNG\xff", b"with\0nul"])
def test_one_that_is_no_text_is_embedded_with_all_others(tmp_path: Path, content: bytes) -> None:
    files = {"a": (_file(tmp_path, "a", content), "image/png"), "b": (_file(tmp_path, "b", b"text"), "*/*")}

    sample = sample_input("abc", "1.0.0", files)

    assert sample is not None
    assert sample["input"]["type"] == "embedded"
    values = sample["input"]["sources"]["0001"]
    assert values["a"] == f"data:image/png;base64,{base64.b64encode(content).decode()}"
    assert values["b"].startswith("data:application/octet-stream;base64,")


def test_what_nobody_would_read_is_left_out(tmp_path: Path) -> None:
    assert (
        sample_input("abc", "1.0.0", {"a": (_file(tmp_path, "a", b"x" * (LARGEST_SAMPLE + 1)), "text/plain")}) is None
    )
    assert sample_input("abc", "1.0.0", {}) is None


def test_outputs_that_the_run_test_shows() -> None:
    result = {"results.json": {"a": 1}, "mask.png": {"mediaType": "image/png", "size": 3}, "status": "SUCCESSFUL"}

    sample = sample_output(result, ["results.json", "mask.png"])

    assert sample is not None
    assert sample["results"]["0001"] == {"status": "SUCCESSFUL", "results.json": {"a": 1}}
    assert sample_output({"results.json": None}, ["results.json"]) is None
