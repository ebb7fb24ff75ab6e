"""Each example has everything that the platform shows, and its description keeps to its specification."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from examples.samples import make_series
from examples.speech.synthesis import make_clip
from modelyard.adapters.container_protocols.sizes import parse_size
from modelyard.domain.models.card_content import card_problems
from modelyard.entrypoints.cli.model_file import read_model_file
from modelyard.entrypoints.rest.card_shapes import CardBody

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/model.yaml"))
KEYS = {
    "specification": str,
    "type": str,
    "source": str,
    "version": str,
    "name": str,
    "author": str,
    "description": dict,
    "releaseNotes": str,
    "tags": list,
    "filters": list,
    "metrics": list,
    "inputs": dict,
    "outputs": dict,
    "resources": dict,
    "timeout": dict,
    "internal": dict,
    "modelyard": dict,
}


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.name)
def example(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture
def card(example: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((example / "model.yaml").read_text())
    return loaded


def test_keys_and_kinds(card: dict[str, Any]) -> None:
    assert {key: type(card.get(key)) for key in KEYS} == KEYS
    assert set(card["description"]) == {"summary", "details", "technical", "performance"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", card["version"])
    assert (card["specification"], card["type"]) in {("0.3", "file"), ("0.4", "grpc")}
    assert set(card) - set(KEYS) == ({"features"} if card["type"] == "grpc" else set())


def test_fields_have_types_and_sizes(card: dict[str, Any]) -> None:
    for field in card["inputs"].values():
        assert field["acceptedMediaTypes"]
        assert parse_size(field["maxSize"])
    for field in card["outputs"].values():
        assert field["mediaType"]
        assert parse_size(field["maxSize"])
    assert all(0 <= metric["value"] <= 1 for metric in card["metrics"])


def test_the_card_is_whole(example: Path) -> None:
    model = read_model_file(example / "model.yaml")
    assert model.modelyard.card is not None
    card = CardBody.model_validate(model.modelyard.card.model_dump(exclude_none=True)).to_card()

    assert card_problems(card) == []
    missing = {name for name, value in card.plain().items() if not value}
    assert missing <= {"metricsByGroup", "languages"}
    assert {"rating": "minimal", "reason": card.risk_reason} == card.plain()["risk"]
    assert card.metrics_by_group or "no figures by group" in card.evaluation_data


def test_picture_and_papers(example: Path) -> None:
    with Image.open(example / "picture.png") as picture:
        assert picture.size == (1440, 1024)
    assert "## Licence" in (example / "README.md").read_text()
    assert list(example.glob("sample*"))


def test_the_classes_of_the_library_are_there() -> None:
    """One example for each kind of input, and both container protocols."""
    cards = {path.name: yaml.safe_load((path / "model.yaml").read_text()) for path in EXAMPLES}
    inputs = {entry["label"] for card in cards.values() for entry in card["filters"] if entry["type"] == "Input Type"}

    assert set(cards) == {"digits", "file-type", "forecast", "sentiment", "speech"}
    assert {card["type"] for card in cards.values()} == {"file", "grpc"}
    assert inputs == {"Audio", "Binary", "Image", "Time Series"}
    assert "text/plain" in cards["sentiment"]["inputs"]["input.txt"]["acceptedMediaTypes"]


def test_samples_are_made_by_the_program_beside_them(tmp_path: Path) -> None:
    for name in ("digits/sample.png", "speech/sample.wav", "forecast/sample.json"):
        assert (ROOT / "examples" / name).stat().st_size < 100_000
    assert json.loads((ROOT / "examples/forecast/sample.json").read_text())["values"] == make_series()
    assert (ROOT / "examples/speech/sample.wav").read_bytes() == make_clip(seed=5).wav


def test_requirements_are_bounded(example: Path) -> None:
    lists = [*example.glob("*requirements.txt"), *(ROOT / "examples" / "layers").glob("*.txt")]
    lines = [line for path in lists for line in path.read_text().splitlines()]
    for line in filter(lambda line: line and not line.startswith("#"), lines):
        assert re.fullmatch(r"[\w-]+>=[\d.]+,<\d+", line), line


def test_both_copies_of_the_messages_agree() -> None:
    def messages(path: Path) -> str:
        text = path.read_text()
        return text[text.index("message StatusRequest") :].split("\n\nservice ", maxsplit=1)[0].strip()

    ours = ROOT / "src/modelyard/adapters/container_protocols/model.proto"
    assert messages(ROOT / "examples/serving/model.proto") == messages(ours)
