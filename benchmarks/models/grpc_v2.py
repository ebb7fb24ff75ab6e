"""A model program of container protocol gRPC v2 that takes DELAY_MS for each item."""

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from serving import model_pb2 as messages  # type: ignore[import-not-found]

DELAY_SECONDS = int(os.environ.get("DELAY_MS", "1")) / 1000
BATCH_SIZE = int(os.environ.get("BATCH_SIZE", "1"))
ended = threading.Event()


def status(_request: messages.StatusRequest, _context: object) -> messages.StatusResponse:
    """Ready at once."""
    features = messages.ModelFeatures(batch_size=BATCH_SIZE)
    return messages.StatusResponse(status_code=200, status="OK", message="ready", features=features)


def run(request: messages.RunRequest, _context: object) -> messages.RunResponse:
    """Tells the length of each input."""
    outputs = []
    for item in request.inputs:
        time.sleep(DELAY_SECONDS)
        lengths = {name: len(data) for name, data in item.input.items()}
        result = {"data": {"result": lengths, "explanation": None, "drift": None}}
        outputs.append(messages.OutputItem(output={"results.json": json.dumps(result).encode()}, success=True))
    return messages.RunResponse(status_code=200, status="OK", message="success", outputs=outputs)


def shutdown(_request: messages.ShutdownRequest, _context: object) -> messages.ShutdownResponse:
    """Ends the program after the answer."""
    ended.set()
    return messages.ShutdownResponse(status_code=202, status="Accepted", message="exiting")


def main() -> None:
    """Serves until it is asked to end."""
    methods = {
        "Status": (status, messages.StatusRequest),
        "Run": (run, messages.RunRequest),
        "Shutdown": (shutdown, messages.ShutdownRequest),
    }
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(
            method,
            request_deserializer=request.FromString,
            response_serializer=lambda answer: answer.SerializeToString(),
        )
        for name, (method, request) in methods.items()
    }
    server = grpc.server(ThreadPoolExecutor(max_workers=2))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("ModzyModel", handlers)])
    server.add_insecure_port(f"[::]:{os.environ.get('PSC_MODEL_PORT', '45000')}")
    server.start()
    ended.wait()
    server.stop(grace=1).wait()


if __name__ == "__main__":
    main()
