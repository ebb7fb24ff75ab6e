"""The card of an example model, model.yaml, in the words of the API."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SIZES = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000}


@dataclass(frozen=True, slots=True)
class Card:
    """One example: its folder and what its card says."""

    folder: Path
    content: dict[str, Any]

    @property
    def name(self) -> str:
        """The model's name."""
        return str(self.content["name"])

    @property
    def version(self) -> str:
        """The version to begin with."""
        return str(self.content["version"])

    @property
    def picture(self) -> Path:
        """The model's picture."""
        return self.folder / "picture.png"

    @property
    def sample(self) -> Path:
        """A file to test the model with."""
        return next(path for path in sorted(self.folder.glob("sample*")))

    def text(self, name: str) -> str:
        """One of the descriptions: summary, details, technical or performance."""
        return str(self.content["description"][name]).strip()

    @property
    def tags(self) -> list[str]:
        """The categories of the library, then tags of one's own."""
        return [entry["label"] for entry in self.content["filters"]] + list(self.content["tags"])

    @property
    def timeout(self) -> dict[str, int]:
        """Milliseconds to load, and for one run."""
        return {name: to_milliseconds(text) for name, text in self.content["timeout"].items()}

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """Metrics in the order of the card; the first one is shown first."""
        return [
            {**metric, "category": "performance", "highlight": place == 0, "order": place}
            for place, metric in enumerate(self.content["metrics"])
        ]

    @property
    def inputs(self) -> list[dict[str, Any]]:
        """What the model takes."""
        return [
            {
                "name": name,
                "acceptedMediaTypes": ",".join(field["acceptedMediaTypes"]),
                "maximumSize": to_bytes(field["maxSize"]),
                "description": field["description"],
            }
            for name, field in self.content["inputs"].items()
        ]

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """What the model gives."""
        return [
            {
                "name": name,
                "mediaType": field["mediaType"],
                "maximumSize": to_bytes(field["maxSize"]),
                "description": field["description"],
            }
            for name, field in self.content["outputs"].items()
        ]

    def smallest_of(self, presets: list[dict[str, Any]]) -> dict[str, Any] | None:
        """The smallest hardware preset that has what the card asks for; None when none has."""
        wanted = self.content["resources"]
        fitting = [
            preset
            for preset in presets
            if to_bytes(preset["memoryAmount"]) >= to_bytes(wanted["memory"]["size"])
            and to_cpus(preset["cpuAmount"]) >= wanted["cpu"]["count"]
            and preset["gpuUnits"] >= wanted["gpu"]["count"]
        ]
        return min(fitting, key=_cost, default=None)


def _cost(preset: dict[str, Any]) -> tuple[int, float, int]:
    return preset["gpuUnits"], to_cpus(preset["cpuAmount"]), to_bytes(preset["memoryAmount"])


def read_card(folder: Path) -> Card:
    """Reads the card of an example."""
    return Card(folder, yaml.safe_load((folder / "model.yaml").read_text(encoding="utf-8")))


def to_bytes(text: str) -> int:
    """`64K` or `1.5G` in bytes."""
    amount, unit = _split(text)
    return round(amount * SIZES[unit.upper().removesuffix("B").removesuffix("I")])


def to_cpus(text: str) -> float:
    """`1000m` or `2` in processors."""
    amount, unit = _split(text)
    return amount / 1000 if unit == "m" else amount


def to_milliseconds(text: str) -> int:
    """`20s` or `500ms` in milliseconds."""
    amount, unit = _split(text)
    return round(amount * MILLISECONDS[unit])


def _split(text: str) -> tuple[float, str]:
    found = re.fullmatch(r"([\d.]+)\s*([A-Za-z]*)", str(text))
    if not found:
        raise ValueError(f"{text!r} is not an amount with a unit")
    return float(found[1]), found[2]
