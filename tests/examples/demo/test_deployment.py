"""What the demo decides to do, and how it reads a card."""

from collections.abc import Mapping
from typing import Any

import pytest

from examples.demo.api import Api
from examples.demo.card import Card, read_card, to_bytes, to_cpus, to_milliseconds
from examples.demo.deployment import Plan, make_plan
from examples.demo.images import EXAMPLES, Image

IMAGE = Image("localhost/some:1.0.0", "sha256:new", 1)


class Library(Api):
    """A library with one model; versions by number, each with its status and its image."""

    def __init__(self, name: str, versions: Mapping[str, tuple[str, str]]) -> None:
        super().__init__("http://127.0.0.1:1", "some.key")
        self._name = name
        self._versions = versions

    def get(self, path: str) -> Any:
        active = [number for number, (status, _) in self._versions.items() if status == "active"]
        model = {
            "modelId": "abc",
            "name": self._name,
            "versions": list(self._versions),
            "latestActiveVersion": active[-1] if active else "",
        }
        if path.startswith("/api/models?"):
            return [model]
        if path == "/api/models/abc":
            return model
        status, digest = self._versions[path.rpartition("/")[2]]
        return {"status": status, "containerImage": {"digest": digest}}


@pytest.fixture
def card() -> Card:
    return read_card(EXAMPLES / "sentiment")


@pytest.mark.parametrize(
    ("versions", "plan"),
    [
        ({"1.0.0": ("active", "sha256:new")}, Plan("abc", "1.0.0", is_deployed=True)),
        ({"1.0.0": ("active", "sha256:old")}, Plan("abc", "1.0.1")),
        ({"1.0.9": ("active", "sha256:old"), "1.0.10": ("inactive", "sha256:new")}, Plan("abc", "1.0.11")),
        ({"1.0.0": ("partial", "")}, Plan("abc", "1.0.0", is_begun=True)),
        ({"1.0.0": ("active", "sha256:old"), "1.0.1": ("partial", "")}, Plan("abc", "1.0.1", is_begun=True)),
        ({"0.3.0": ("active", "sha256:old")}, Plan("abc", "1.0.0")),
    ],
)
def test_only_what_changed_is_deployed(card: Card, versions: dict[str, tuple[str, str]], plan: Plan) -> None:
    assert make_plan(Library(card.name, versions), card, IMAGE) == plan


def test_a_model_of_another_name_is_none_of_ours(card: Card) -> None:
    assert make_plan(Library("another", {"1.0.0": ("active", "sha256:new")}), card, IMAGE) == Plan("", "1.0.0")


def test_the_smallest_preset_that_fits_is_chosen(card: Card) -> None:
    presets = [
        {"name": "large", "cpuAmount": "4000m", "memoryAmount": "8G", "gpuUnits": 0},
        {"name": "small", "cpuAmount": "1000m", "memoryAmount": "1G", "gpuUnits": 0},
        {"name": "tiny", "cpuAmount": "500m", "memoryAmount": "1G", "gpuUnits": 0},
        {"name": "gpu", "cpuAmount": "1000m", "memoryAmount": "1G", "gpuUnits": 1},
    ]
    chosen = card.smallest_of(presets)

    assert chosen
    assert chosen["name"] == "small"
    assert card.smallest_of(presets[2:3]) is None


def test_amounts_are_read() -> None:
    assert [to_bytes(text) for text in ("64K", "1.5G", "10")] == [64_000, 1_500_000_000, 10]
    assert [to_cpus(text) for text in ("1000m", "2")] == [1.0, 2.0]
    assert [to_milliseconds(text) for text in ("20s", "500ms")] == [20_000, 500]
