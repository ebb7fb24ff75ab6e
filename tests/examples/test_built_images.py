"""The example models as containers without network, capabilities, or a file system that they can write to."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from modelyard.adapters.container_protocols.base import DeclaredField, ItemOutcome, UnexpectedAnswer
from modelyard.adapters.container_protocols.grpc_v2 import GrpcV2Factory
from modelyard.adapters.container_protocols.http_v1 import HttpV1Factory
from tests.examples.running import can_run, output_of, podman_options, ready, running

EXAMPLES = Path(__file__).parents[2] / "examples"
MODELS = Path(__file__).parents[1] / "models"
pytestmark = [
    pytest.mark.containers,
    pytest.mark.slow,
    pytest.mark.skipif(not can_run(), reason="needs podman, nsenter and root"),
]


async def build(name: str) -> str:
    """The image of an example."""
    tag = f"localhost/modelyard/test-{name}:1"
    await output_of(sys.executable, str(EXAMPLES / "build.py"), name, "--tag", tag)
    return tag


def document(outcome: ItemOutcome) -> dict[str, Any]:
    """The `data` of a result."""
    assert outcome.error is None
    data: dict[str, Any] = json.loads(outcome.outputs["results.json"])["data"]
    return data


async def test_sentiment() -> None:
    sample = (EXAMPLES / "sentiment" / "sample.txt").read_bytes()
    async with running(await build("sentiment"), memory="512m") as engine:
        protocol = GrpcV2Factory().connect(engine.endpoint)
        facts = await ready(protocol)
        assert facts.inputs == (DeclaredField("input.txt", ("text/plain",), 65_536, "An English text in UTF-8."),)
        assert (facts.batch_size, facts.explains, facts.detects_drift) == (8, True, True)
        texts = [sample, b"", b"\xff\xfe", "I hate it 😡".encode()]
        items = [{"input.txt": text} for text in texts]
        good, empty, broken, angry = await protocol.run([*items], timeout=10, explain=True, detect_drift=True)
        assert document(good)["result"]["classPredictions"][0]["class"] == "positive"
        words = {c["word"]: c["contribution"] for c in document(good)["explanation"]["wordContributions"]}
        assert words["lovely"] > 0 > words["horribly"]
        assert document(good)["drift"]["words"] == 21
        assert empty.error == "The text is empty."
        assert broken.error == "The text is not valid UTF-8: byte 0 cannot be read."
        assert document(angry)["result"]["classPredictions"][0]["class"] == "negative"
        [plain] = await protocol.run([{"input.txt": sample}], timeout=10)
        assert (document(plain)["explanation"], document(plain)["drift"]) == (None, None)
        await protocol.shutdown()
        assert (await engine.ended())["ExitCode"] == 0
        await protocol.close()


async def test_a_program_that_forgets_an_output() -> None:
    tag = "localhost/modelyard/test-forgetful:1"
    source = f"--build-arg=BASE={await build('sentiment')}"
    file = f"--file={MODELS / 'Containerfile.forgetful'}"
    await output_of("podman", "build", *podman_options(), "--tag", tag, source, file, str(MODELS))
    async with running(tag) as engine:
        protocol = GrpcV2Factory().connect(engine.endpoint)
        await ready(protocol)
        with pytest.raises(UnexpectedAnswer, match="1 outputs for 2 items"):
            await protocol.run([{"input.txt": b"good"}, {"input.txt": b"bad"}], timeout=10)
        await protocol.close()


async def test_file_type() -> None:
    sample = (EXAMPLES / "file-type" / "sample.bin").read_bytes()
    picture = (EXAMPLES / "file-type" / "picture.png").read_bytes()
    async with running(await build("file-type"), memory="1g") as engine:
        protocol = HttpV1Factory().connect(engine.endpoint)
        await ready(protocol)
        items = [{"input": sample}, {"input": picture}, {"input": b""}]
        first, second, empty = await protocol.run([*items], timeout=20)
        assert document(first)["result"]["classPredictions"][0]["class"] == "sqlite"
        assert document(second)["result"]["classPredictions"][0]["class"] == "png"
        assert document(second)["result"]["mediaType"] == "image/png"
        assert empty.error == "The file is empty."
        [unnamed] = await protocol.run([{"other": b"abc"}], timeout=20)
        assert "'input' cannot be read" in (unnamed.error or "")
        await protocol.shutdown()
        assert (await engine.ended())["ExitCode"] == 0
        await protocol.close()
