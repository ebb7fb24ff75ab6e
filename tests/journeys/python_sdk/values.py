"""Values that the journeys of the Python client share."""

from dataclasses import dataclass
from typing import Any

ACCOUNT = {"user": "robot", "pass": "a pass:word/2"}
TAGS = ["Language and Text", "label_or_classify", "journey"]
METRIC = {
    "label": "F1",
    "category": "accuracy",
    "type": "PERCENT",
    "description": "on the journey's texts",
    "value": 0.5,
    "highlight": True,
    "order": 1,
}
POLL = {"poll_interval": 0.1}


@dataclass(frozen=True)
class Registries:
    """Two registries with the same images: one for everybody, one for those with an account."""

    public: str
    private: str


@dataclass(frozen=True)
class Deployed:
    """What `deploy` returned for the model that the tests share: version 1.0.0 echoes, 1.1.0 does so slowly."""

    model_id: str
    first: dict[str, Any]
    second: dict[str, Any]
    first_url: str
