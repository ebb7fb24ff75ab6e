"""Says what kind of file some bytes are."""

from typing import Any

from magika import Magika, PredictionMode  # type: ignore[import-not-found]


class BadFile(Exception):
    """This input cannot be judged."""


class FileTypeModel:
    """A small neural network that looks at the beginning and the end of a file."""

    def __init__(self) -> None:
        self._magika = Magika(prediction_mode=PredictionMode.HIGH_CONFIDENCE)

    def analyse(self, content: bytes) -> dict[str, Any]:
        """The document of results for one file. Raises BadFile."""
        if not content:
            raise BadFile("The file is empty.")
        found = self._magika.identify_bytes(content)
        if not found.ok:
            raise BadFile(f"The file cannot be judged: {found.status}.")
        kind = found.output
        return {
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
