"""The sentiment example, but it forgets the last item of each batch; built on the sentiment image."""

import sys
from importlib import import_module
from typing import Any

sys.path.insert(0, "/app")
serve: Any = import_module("serve")


class Forgetful(serve.SentimentServer):  # type: ignore[misc]
    """Answers one item too few."""

    def run(self, request: object, context: object) -> object:
        """Runs the batch and drops the last output."""
        answer = super().run(request, context)
        del answer.outputs[-1:]
        return answer


if __name__ == "__main__":
    serve.SentimentServer = Forgetful
    serve.main()
