"""Serves the speech model over container protocol HTTP v1."""

from serving.http_v1 import serve  # type: ignore[import-not-found]
from speech import SpeechModel  # type: ignore[import-not-found]

if __name__ == "__main__":
    serve(SpeechModel)
