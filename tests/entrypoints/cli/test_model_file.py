"""Reading model.yaml: both specifications, our part, and everything that can be wrong with it."""

from pathlib import Path

import pytest

from modelyard.entrypoints.cli.exit_codes import Exit
from modelyard.entrypoints.cli.model_file import LARGEST_FILE, ModelFileRejected, read_model_file

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*/model.yaml"))
OLD = """
specification: '0.3'
type: file
source: https://example.org
version: 0.1.0
name: Echo
author: Somebody
description: {summary: Says it again., details: Long., technical: How., performance: Well.}
releaseNotes:
tags: [text]
filters: [{type: Task, label: Count}]
metrics: [{label: F1, type: percentage, value: 0.9, description: On a test set.}]
inputs: {input.txt: {acceptedMediaTypes: [text/plain, text/csv], maxSize: 1M, description: A text.}}
outputs: {results.json: {mediaType: application/json, maxSize: 1M, description: The result.}}
resources: {memory: {size: 512M}, cpu: {count: 0.5}, gpu: {count: 0}}
timeout: {status: 20s, run: 1m}
internal: {recommended: true, features: {explainable: false}}
"""


def _write(directory: Path, text: str | bytes) -> Path:
    file = directory / "model.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def _problems(directory: Path, text: str | bytes) -> str:
    with pytest.raises(ModelFileRejected) as caught:
        read_model_file(_write(directory, text))
    assert caught.value.exit_code == Exit.INVALID_INPUT
    return caught.value.message


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.parent.name)
def test_the_examples_can_be_read(file: Path) -> None:
    model = read_model_file(file)

    assert model.name
    assert model.inputs
    assert model.outputs


def test_the_older_specification(tmp_path: Path) -> None:
    model = read_model_file(_write(tmp_path, OLD))

    assert (model.name, model.version, model.releaseNotes) == ("Echo", "0.1.0", "")
    assert model.labels == ["Count", "text"]
    assert model.inputs["input.txt"].acceptedMediaTypes == ["text/plain", "text/csv"]
    assert model.outputs["results.json"].maxSize == 1_000_000
    assert (model.resources.memory.size, model.resources.cpu.count) == (512_000_000, 0.5)
    assert (model.timeout.status, model.timeout.run) == (20_000, 60_000)


def test_the_least_that_is_needed(tmp_path: Path) -> None:
    model = read_model_file(_write(tmp_path, "{name: Echo, version: '1.0.0', inputs: , tags: }"))

    assert (model.inputs, model.labels, model.timeout.run) == ({}, [], 60_000)


def test_our_part(tmp_path: Path) -> None:
    ours = """
modelyard:
  image: registry.example/echo:1
  samples: {input.txt: sample.txt}
  engines: {minimum: 1, maximum: 3}
  visibility: {scope: ACCOUNT}
"""
    model = read_model_file(_write(tmp_path, OLD + ours)).modelyard

    assert model.image == "registry.example/echo:1"
    assert model.samples == {"input.txt": Path("sample.txt")}
    assert model.engines
    assert model.engines.maximum == 3


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    text = """
version: 1.0
timeout: {status: 20, run: soon}
inputs: {a: {maxSize: 5X}}
metrics: [{label: F1, value: good}]
modelyard: {imgae: x, card: {caveat: x, licence: 5, risk: {rate: high}}, visibility: {scope: EVERYBODY}}
"""
    problems = _problems(tmp_path, text)

    assert "name: is missing" in problems
    assert "version: YAML reads 1.0 as something else than text; write it in quotes" in problems
    assert "timeout.status: 20 is not a time such as 500ms, 20s or 2m: it needs a unit" in problems
    assert "timeout.run: 'soon' is not a time" in problems
    assert "inputs.a.acceptedMediaTypes: is missing" in problems
    assert "inputs.a.maxSize: '5X' is not a size" in problems
    assert "metrics[0].value: must be a number, not text" in problems
    assert "modelyard.card.caveat: is unknown here" in problems
    assert "modelyard.card.licence: must be text, not a number" in problems
    assert "modelyard.card.risk.rate: is unknown here" in problems
    assert "modelyard.imgae: is unknown here" in problems
    assert "modelyard.visibility.scope: must be one of 'ALL', 'ACCOUNT', 'TEAM' or 'PRIVATE'" in problems


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the whole file"),
        ("- a\n- b", "the whole file"),
        ("a: [", "not YAML"),
        ("a: !!python/object/apply:os.system [echo]", "not YAML"),
        ("a: &x [1]\nb: [*x, *x]", "aliases"),
        ("[" * 5000, "nested too deeply"),
        (b"\xff\xfe\x00", "not YAML"),
        (b"# " + b"x" * LARGEST_FILE, "larger than"),
        ("name: 2026-13-45", "put it in quotes"),
        ("version: " + "9" * 10_000, "put it in quotes"),
        ("name: !!int x", "put it in quotes"),
        ("name: !!timestamp x", "put it in quotes"),
    ],
)
def test_what_is_no_description(tmp_path: Path, text: str | bytes, words: str) -> None:
    assert words in _problems(tmp_path, text)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ModelFileRejected, match="No such file"):
        read_model_file(tmp_path / "nothing.yaml")
