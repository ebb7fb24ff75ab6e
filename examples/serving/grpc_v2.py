"""Serves a model over container protocol gRPC v2; what the platform is told of it stands in its card, model.yaml."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import grpc
import yaml
from serving import model_pb2 as messages  # type: ignore[import-not-found]
from serving.model import BadInput, Model  # type: ignore[import-not-found]

DEFAULT_PORT = "45000"
MAX_MESSAGE_BYTES = 250 * 1024 * 1024


class ModelServer:
    """The three calls of the protocol."""

    def __init__(self, make_model: Callable[[], Model], card: dict[str, Any]) -> None:
        self._make_model = make_model
        self._card = card
        self.ended = threading.Event()

    @cached_property
    def _model(self) -> Model:
        return self._make_model()

    def status(self, _request: messages.StatusRequest, _context: object) -> messages.StatusResponse:
        """Loads the model on the first call and says what it is."""
        try:
            _ = self._model
        except (OSError, RuntimeError) as problem:
            return messages.StatusResponse(status_code=500, status="Internal Server Error", message=str(problem))
        return describe(self._card)

    def run(self, request: messages.RunRequest, _context: object) -> messages.RunResponse:
        """Works on each item of a batch; a bad one spoils only itself."""
        outputs = [
            self._run_item(item, explain=request.explain, detect_drift=request.detect_drift) for item in request.inputs
        ]
        return messages.RunResponse(status_code=200, status="OK", message="success", outputs=outputs)

    def shutdown(self, _request: messages.ShutdownRequest, _context: object) -> messages.ShutdownResponse:
        """Ends the program after the answer."""
        self.ended.set()
        return messages.ShutdownResponse(status_code=202, status="Accepted", message="exiting")

    def _run_item(self, item: messages.InputItem, *, explain: bool, detect_drift: bool) -> messages.OutputItem:
        inputs = dict(item.input)
        try:
            if missing := [name for name in self._model.inputs if name not in inputs]:
                raise BadInput(f"The input {missing[0]!r} is missing.")
            outputs = self._model.analyse(inputs, explain=explain, detect_drift=detect_drift)
        except BadInput as problem:
            return messages.OutputItem(output={"error": str(problem).encode()}, success=False)
        return messages.OutputItem(output=outputs, success=True)


def describe(card: dict[str, Any]) -> messages.StatusResponse:
    """The model's card as the protocol's message."""
    features = card["features"]
    return messages.StatusResponse(
        status_code=200,
        status="OK",
        message="ready",
        model_info=messages.ModelInfo(
            model_name=card["name"],
            model_version=card["version"],
            model_author=card["author"],
            model_type=card["type"],
            source=card["source"],
        ),
        description=messages.ModelDescription(**card["description"]),
        inputs=[
            messages.ModelInput(
                filename=name,
                accepted_media_types=field["acceptedMediaTypes"],
                max_size=field["maxSize"],
                description=field["description"],
            )
            for name, field in card["inputs"].items()
        ],
        outputs=[
            messages.ModelOutput(
                filename=name,
                media_type=field["mediaType"],
                max_size=field["maxSize"],
                description=field["description"],
            )
            for name, field in card["outputs"].items()
        ],
        resources=messages.ModelResources(
            required_ram=card["resources"]["memory"]["size"],
            num_cpus=card["resources"]["cpu"]["count"],
            num_gpus=card["resources"]["gpu"]["count"],
        ),
        timeout=messages.ModelTimeout(**card["timeout"]),
        features=messages.ModelFeatures(
            adversarial_defense=features["adversarialDefense"],
            batch_size=features["maxBatchSize"],
            retrainable=features["retrainable"],
            results_format=features["resultsFormat"],
            drift_format=features["driftFormat"],
            explanation_format=features["explanationFormat"],
        ),
    )


def start(program: ModelServer, port: str) -> grpc.Server:
    """Listens and answers in the background."""
    methods = {
        "Status": (program.status, messages.StatusRequest),
        "Run": (program.run, messages.RunRequest),
        "Shutdown": (program.shutdown, messages.ShutdownRequest),
    }
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(
            method,
            request_deserializer=request.FromString,
            response_serializer=lambda answer: answer.SerializeToString(),
        )
        for name, (method, request) in methods.items()
    }
    sizes = [(f"grpc.max_{direction}_message_length", MAX_MESSAGE_BYTES) for direction in ("send", "receive")]
    server = grpc.server(ThreadPoolExecutor(max_workers=2), options=sizes)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("ModzyModel", handlers)])
    server.add_insecure_port(f"[::]:{port}")
    server.start()
    return server


def serve(
    make_model: Callable[[], Model], card_file: Path, make_server: Callable[..., ModelServer] = ModelServer
) -> None:
    """Serves until it is asked to end."""
    card = yaml.safe_load(card_file.read_text(encoding="utf-8"))
    program = make_server(make_model, card)
    port = os.environ.get("PSC_MODEL_PORT", DEFAULT_PORT)
    server = start(program, port)
    print(f"{card['name']} {card['version']} listens on port {port}", flush=True)
    program.ended.wait()
    server.stop(grace=5).wait()
