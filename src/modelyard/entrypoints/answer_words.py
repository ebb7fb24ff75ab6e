"""What a model answered, in few words, as commands and pages say it."""

import json
from typing import Any

LONGEST_ANSWER = 300


def answer_in_words(output: Any) -> str:
    """The best class and its score, a text, or the beginning of its JSON."""
    match output:
        case {"data": {"result": {"classPredictions": [{"class": _, "score": _}, *_] as predictions}}}:
            return _best_class(predictions)
        case {"data": {"result": result}}:
            output = result
    if isinstance(output, str):
        return output[:LONGEST_ANSWER]
    text = json.dumps(output, ensure_ascii=False)
    return text if len(text) <= LONGEST_ANSWER else text[:LONGEST_ANSWER] + " …"


def _best_class(predictions: list[Any]) -> str:
    """That of the highest score; of scores that are no numbers the first one, as models begin with the best."""
    scored = [each for each in predictions if isinstance(each, dict) and isinstance(each.get("score"), int | float)]
    best = max(scored, key=lambda each: each["score"], default=predictions[0])
    score = best["score"]
    return f"{best.get('class')} ({score:.3f})" if isinstance(score, float) else f"{best.get('class')} ({score})"
