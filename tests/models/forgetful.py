"""The sentiment example, but it forgets the last item of each batch; built on the sentiment image."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, "/app")
grpc_v2: Any = import_module("serving.grpc_v2")
sentiment: Any = import_module("sentiment")


class Forgetful(grpc_v2.ModelServer):  # type: ignore[misc]
    """Answers one item too few."""

    def run(self, request: object, context: object) -> object:
        """Runs the batch and drops the last output."""
        answer = super().run(request, context)
        del answer.outputs[-1:]
        return answer


if __name__ == "__main__":
    grpc_v2.serve(sentiment.SentimentModel, Path("/app/model.yaml"), Forgetful)
