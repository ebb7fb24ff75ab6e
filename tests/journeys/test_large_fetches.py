"""Inputs of hundreds of megabytes from object stores, through a real server and a real container, with flat memory."""

import hashlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.programs import ProgramRegistry, deploy, exchange_entries
from tests.journeys.server import Server, finished_results
from tests.journeys.test_large_outputs import forget_peak, memory
from tests.object_servers import AZURE_ACCOUNT, AZURE_KEY, BUCKET, S3_KEY, azure_server, s3_server

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.xdist_group("uploads")]
SIZE = 200_000_000
MOST_MEMORY = 100_000_000


def test_memory_stays_flat(
    new_server: Callable[..., Server], programs: ProgramRegistry, tmp_path_factory: pytest.TempPathFactory
) -> None:
    server = new_server(MODELYARD_INSECURE_REGISTRIES=programs.address, MODELYARD_DESTINATIONS_ALLOWED="127.0.0.1")
    timeout = {"status": 20_000, "run": 60_000}
    model_id, _ = deploy(server, programs.digester(), largest_input=SIZE, timeout=timeout)
    content = random.Random(1).randbytes(SIZE)  # noqa: S311 - nothing to do with secrets
    with s3_server(tmp_path_factory.mktemp("s3")) as s3, azure_server(tmp_path_factory.mktemp("azure")) as azure:
        for store in (s3, azure):
            store.put({"one": content, "two": content[:-1]})
        s3_access = {"accessKeyID": S3_KEY, "secretAccessKey": "secret", "endpoint": s3.endpoint, "region": "us-east-1"}
        azure_access = {
            "storageAccount": AZURE_ACCOUNT,
            "storageAccountKey": AZURE_KEY,
            "endpoint": azure.endpoint,
        }
        idle = memory(server, "VmRSS")
        forget_peak(server)
        for kind, container, key, access in (
            ("aws-s3", "bucket", "key", s3_access),
            ("azureblob", "container", "filePath", azure_access),
        ):
            places = {name: {"input.txt": {container: BUCKET, key: name}} for name in ("one", "two")}
            body = {"type": kind, "sources": places, **access}
            job = {"model": {"identifier": model_id, "version": "0.1.0"}, "input": body}
            sent = server.call("POST", "/api/jobs", job)
            assert sent.status == 202, sent.body
            results = finished_results(server, sent.json["jobIdentifier"], seconds=120)
            assert results["failures"] == {}
            for name, wanted in (("one", content), ("two", content[:-1])):
                assert given(results, name) == {"size": len(wanted), "sha256": hashlib.sha256(wanted).hexdigest()}
    assert memory(server, "VmHWM") - idle < MOST_MEMORY
    assert exchange_entries(server) == []
    assert left(server) == []


def given(results: dict[str, Any], item: str) -> Any:
    """What the model says of its input."""
    return results["results"][item]["results.json"]["data"]["result"]["input.txt"]


def left(server: Server) -> list[Path]:
    return list((server.data_dir / "engines").glob("*/spool/*"))
