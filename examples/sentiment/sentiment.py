"""Says how a text feels, why, and what the text is made of."""

import json
import re
from collections.abc import Mapping
from typing import Any

from serving.model import BadInput  # type: ignore[import-not-found]
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # type: ignore[import-not-found]

MAX_EXPLAINED_WORDS = 50
_WORD = re.compile(r"\S+")


class SentimentModel:
    """A lexicon of words with their feeling, and rules for negation, emphasis and emoji."""

    inputs = ("input.txt",)

    def __init__(self) -> None:
        self._analyzer = SentimentIntensityAnalyzer()

    def analyse(self, inputs: Mapping[str, bytes], *, explain: bool, detect_drift: bool) -> dict[str, bytes]:
        """The results of one text. Raises BadInput."""
        text = read_text(inputs["input.txt"])
        compound = self._compound(text)
        results = {
            "data": {
                "result": {"classPredictions": rank_classes(compound), "compound": compound},
                "explanation": self._explain(text, compound) if explain else None,
                "drift": self._describe(text) if detect_drift else None,
            }
        }
        return {"results.json": json.dumps(results).encode()}

    def _compound(self, text: str) -> float:
        return float(self._analyzer.polarity_scores(text)["compound"])

    def _explain(self, text: str, whole: float) -> dict[str, Any]:
        """How much each word that carries feeling moves the whole: the score with it less the score without."""
        contributions = []
        for found in [word for word in _WORD.finditer(text) if self._has_feeling(word[0])][:MAX_EXPLAINED_WORDS]:
            without = self._compound(text[: found.start()] + text[found.end() :])
            contributions.append(
                {
                    "word": found[0],
                    "start": found.start(),
                    "end": found.end(),
                    "contribution": round(whole - without, 4),
                }
            )
        return {"wordContributions": contributions}

    def _describe(self, text: str) -> dict[str, Any]:
        words = [found[0] for found in _WORD.finditer(text)]
        known = sum(map(self._has_feeling, words))
        return {
            "characters": len(text),
            "words": len(words),
            "knownWordShare": round(known / len(words), 4),
            "upperCaseShare": round(sum(map(str.isupper, text)) / len(text), 4),
        }

    def _has_feeling(self, word: str) -> bool:
        return word.lower().strip(".,;:!?\"'()") in self._analyzer.lexicon or word in self._analyzer.emojis


def rank_classes(compound: float) -> list[dict[str, Any]]:
    """Scores of the three classes that add up to 1, the highest first."""
    scores = {"positive": max(0.0, compound), "negative": max(0.0, -compound), "neutral": 1 - abs(compound)}
    ranked = sorted(scores.items(), key=lambda pair: -pair[1])
    return [{"class": name, "score": round(score, 4)} for name, score in ranked]


def read_text(content: bytes) -> str:
    """The text of an input. Raises BadInput."""
    try:
        text = content.decode()
    except UnicodeDecodeError as problem:
        raise BadInput(f"The text is not valid UTF-8: byte {problem.start} cannot be read.") from problem
    if not text.strip():
        raise BadInput("The text is empty.")
    return text
