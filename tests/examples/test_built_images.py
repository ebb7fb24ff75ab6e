"""The example models as containers without network, capabilities, or a file system that they can write to."""

import io
import json
import sys
import tempfile
import wave
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from examples.digits.drawing import draw_digit
from examples.speech.synthesis import make_clip
from modelyard.adapters.container_protocols.base import ContainerProtocol, DeclaredField, ItemOutcome, UnexpectedAnswer
from modelyard.adapters.container_protocols.grpc_v2 import GrpcV2Factory
from modelyard.adapters.container_protocols.http_v1 import HttpV1Factory
from modelyard.adapters.container_protocols.output_files import read_whole
from tests.examples.running import Running, can_run, output_of, podman_options, ready, running

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
    data: dict[str, Any] = json.loads(read_whole(outcome.outputs["results.json"]))["data"]
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
        assert await compounds(protocol, *KNOWN_FLAWS) == list(KNOWN_FLAWS.values())
        [plain] = await protocol.run([{"input.txt": sample}], timeout=10)
        assert (document(plain)["explanation"], document(plain)["drift"]) == (None, None)
        await protocol.shutdown()
        assert (await engine.ended())["ExitCode"] == 0
        await protocol.close()


KNOWN_FLAWS = {
    "This is Joy.": 0.5859,
    "This is Maria.": 0.0,
    "This is blind.": -0.4019,
    "Great, another delay.": 0.4215,
    "Das ist furchtbar.": 0.0,
    "Das war gut.": -0.5994,
}
"""What the card warns of."""


async def compounds(protocol: ContainerProtocol, *texts: str) -> list[float]:
    """What texts score."""
    outcomes = await protocol.run([{"input.txt": text.encode()} for text in texts], timeout=10)
    return [float(document(outcome)["result"]["compound"]) for outcome in outcomes]


async def test_digits() -> None:
    async with running(await build("digits"), memory="512m") as engine:
        protocol = GrpcV2Factory().connect(engine.endpoint)
        facts = await ready(protocol)
        assert (facts.batch_size, facts.explains, facts.detects_drift) == (16, True, True)
        sample = (EXAMPLES / "digits" / "sample.png").read_bytes()
        pictures = [sample, *(draw_digit(digit, seed=3) for digit in "0234568"), b"no picture", blank()]
        items = [{"image": picture} for picture in pictures]
        *good, broken, empty = await protocol.run([*items], timeout=20, explain=True, detect_drift=True)
        read = [document(outcome)["result"]["classPredictions"][0]["class"] for outcome in good]
        assert "".join(read) == "50234568"
        [runs], size = (document(good[0])["explanation"][name] for name in ("maskRLE", "dimensions"))
        assert sum(runs) == size["height"] * size["width"] == 160 * 160
        mask = unpack(runs)
        assert 100 < sum(mask) < 0.2 * len(mask)
        assert all(ink for ink, marked in zip(ink_by_columns(sample), mask, strict=True) if marked)
        assert set(document(good[0])["drift"]) == {"pixels", "inkShare", "cellMean", "widthToHeight"}
        assert "not a PNG or JPEG" in (broken.error or "")
        assert "shows nothing" in (empty.error or "")
        assert await measured(engine) == promised("digits")
        await protocol.close()


def blank() -> bytes:
    """A picture of nothing."""
    target = io.BytesIO()
    Image.new("RGB", (40, 40), "white").save(target, "PNG")
    return target.getvalue()


def unpack(runs: list[int]) -> list[bool]:
    """The mask, column by column."""
    return [place % 2 == 1 for place, run in enumerate(runs) for _ in range(run)]


def ink_by_columns(picture: bytes) -> list[bool]:
    """Which pixels are not paper, column by column."""
    grey = Image.open(io.BytesIO(picture)).convert("L")
    return [grey.getpixel((x, y)) < 200 for x in range(grey.width) for y in range(grey.height)]  # type: ignore[operator]


Figures = tuple[dict[str, float], list[dict[str, Any]]]
"""The metrics, and those by group."""


async def measured(engine: Running) -> Figures:
    """What was measured while the image was built."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("metrics.json", "groups.json"):
            await output_of("podman", "cp", f"{engine.container}:/app/{name}", folder)
        metrics, groups = (json.loads((Path(folder) / name).read_text()) for name in ("metrics.json", "groups.json"))
    return metrics, groups


def promised(name: str) -> Figures:
    """What the card says."""
    content = yaml.safe_load((EXAMPLES / name / "model.yaml").read_text())
    groups = [
        {key: value for key, value in row.items() if key != "note"}
        for row in content["modelyard"]["card"]["metricsByGroup"]
    ]
    return {metric["label"]: metric["value"] for metric in content["metrics"]}, groups


async def test_speech() -> None:
    clip = make_clip(seed=11, rate=16000, phrases=3)
    async with running(await build("speech"), memory="512m") as engine:
        protocol = HttpV1Factory().connect(engine.endpoint)
        await ready(protocol)
        items = [{"audio.wav": content} for content in (clip.wav, b"RIFF", tone_of_8_bits())]
        spoken, broken, coarse = await protocol.run([*items], timeout=20)
        segments = document(spoken)["result"]["segments"]
        assert len(segments) == len(clip.spoken) == 3
        for segment, (start, end) in zip(segments, clip.spoken, strict=True):
            assert abs(segment["start"] - start) < 0.15
            assert -0.05 < segment["end"] - end < 0.45
        shares = {entry["class"]: entry["score"] for entry in document(spoken)["result"]["classPredictions"]}
        assert shares["speech"] > 0.3
        assert sum(shares.values()) == pytest.approx(1)
        lines = read_whole(spoken.outputs["segments.csv"]).decode().splitlines()
        assert (lines[0], len(lines)) == ("start_seconds,end_seconds", 4)
        assert "not a WAV file" in (broken.error or "")
        assert "16 bits" in (coarse.error or "")
        assert await measured(engine) == promised("speech")
        await protocol.close()


def tone_of_8_bits() -> bytes:
    """A WAV file of the kind that the model does not take."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(bytes(800))
    return target.getvalue()


async def test_forecast() -> None:
    straight = {"values": [float(n) for n in range(20)], "seasonLength": 1, "horizon": 3}
    wrong = [{"values": [1, 2]}, {"values": ["a"] * 9}, {"values": [1.0] * 9, "horizon": 0}, []]
    async with running(await build("forecast"), memory="512m") as engine:
        protocol = HttpV1Factory().connect(engine.endpoint)
        await ready(protocol)
        sample = (EXAMPLES / "forecast" / "sample.json").read_bytes()
        contents = [sample, *(json.dumps(given).encode() for given in [straight, *wrong]), b"{"]
        season, line, *bad = await protocol.run([{"series.json": content} for content in contents], timeout=30)
        rows = document(season)["result"]["forecast"]
        assert [row["step"] for row in rows] == list(range(1, 13))
        assert all(row["lower"] < row["value"] < row["upper"] for row in rows)
        assert max(rows, key=lambda row: row["value"])["step"] in {6, 7, 8}  # July
        assert [round(row["value"]) for row in document(line)["result"]["forecast"]] == [20, 21, 22]
        assert read_whole(season.outputs["forecast.csv"]).decode().splitlines()[0] == "step,value,lower,upper"
        assert all(outcome.error for outcome in bad)
        assert await measured(engine) == promised("forecast")
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
