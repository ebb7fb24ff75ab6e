"""Serves the digits model over container protocol gRPC v2."""

from pathlib import Path

from digits import DigitsModel  # type: ignore[import-not-found]
from serving.grpc_v2 import serve  # type: ignore[import-not-found]

if __name__ == "__main__":
    serve(DigitsModel, Path(__file__).with_name("model.yaml"))
