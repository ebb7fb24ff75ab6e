"""Sample input and output of a version, made of its test files and of what its run test gave."""

import base64
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

LARGEST_SAMPLE = 64_000
"""Bytes of test files: a sample is shown in pages, and in code that people copy."""
_ITEM = "0001"


def sample_input(model_id: str, version: str, files: Mapping[str, tuple[Path, str]]) -> dict[str, Any] | None:
    """A body for POST /api/jobs with these files; None where they are too large for people to read.

    Args:
        files: a file for each input, and its media type.
    """
    if not files or sum(path.stat().st_size for path, _ in files.values()) > LARGEST_SAMPLE:
        return None
    contents = {name: (path.read_bytes(), media_type) for name, (path, media_type) in files.items()}
    texts = {name: _text(data) for name, (data, _) in contents.items()}
    if all(text is not None for text in texts.values()):
        kind, values = "text", dict(texts)
    else:
        kind, values = "embedded", {name: _embedded(data, kind) for name, (data, kind) in contents.items()}
    return {
        "model": {"identifier": model_id, "version": version},
        "input": {"type": kind, "sources": {_ITEM: values}},
    }


def sample_output(result: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any] | None:
    """What /api/results answers for such a job; None where the run test shows no output in full.

    Args:
        result: of the run test.
        names: of the outputs that the version declares.
    """
    outputs = {name: result[name] for name in names if name.endswith(".json") and result.get(name) is not None}
    if not outputs:
        return None
    return {
        "jobIdentifier": "<job identifier>",
        "total": 1,
        "completed": 1,
        "failed": 0,
        "finished": True,
        "submittedByKey": "<prefix of the key>",
        "results": {_ITEM: {"status": "SUCCESSFUL", **outputs}},
    }


def _text(data: bytes) -> str | None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _embedded(data: bytes, media_type: str) -> str:
    kind = "application/octet-stream" if "*" in media_type else media_type
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
