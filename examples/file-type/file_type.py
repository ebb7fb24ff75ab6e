"""Says what kind of file some bytes are."""

import json
from collections.abc import Mapping

from magika import Magika, PredictionMode  # type: ignore[import-not-found]
from serving.model import BadInput  # type: ignore[import-not-found]


class FileTypeModel:
    """A small neural network that looks at the beginning and the end of a file."""

    inputs = ("input",)

    def __init__(self) -> None:
        self._magika = Magika(prediction_mode=PredictionMode.HIGH_CONFIDENCE)

    def analyse(self, inputs: Mapping[str, bytes], *, explain: bool, detect_drift: bool) -> dict[str, bytes]:
        """The results of one file. Raises BadInput."""
        content = inputs["input"]
        if not content:
            raise BadInput("The file is empty.")
        found = self._magika.identify_bytes(content)
        if not found.ok:
            raise BadInput(f"The file cannot be judged: {found.status}.")
        kind = found.output
        results = {
            "data": {
                "result": {
                    "classPredictions": [{"class": str(kind.label), "score": round(float(found.score), 4)}],
                    "description": kind.description,
                    "mediaType": kind.mime_type,
                    "group": kind.group,
                    "extensions": list(kind.extensions),
                    "isText": kind.is_text,
                },
                "explanation": None,
                "drift": None,
            }
        }
        return {"results.json": json.dumps(results).encode()}
