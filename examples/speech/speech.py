"""Says where in a recording somebody speaks."""

import array
import io
import json
import sys
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import webrtcvad  # type: ignore[import-not-found]
from serving.model import BadInput  # type: ignore[import-not-found]

RATES = (8000, 16000, 32000, 48000)
FRAME_MS = 30
STRICTNESS = 2
"""Of 0 to 3: the higher, the less is taken for speech."""
LONGEST_SECONDS = 600
LONGEST_GAP_FRAMES = 9
"""A pause of less than 0.3 s does not end a segment."""
SHORTEST_FRAMES = 4
"""What is shorter than 0.12 s is a click or a cough."""


@dataclass(frozen=True)
class Recording:
    """Samples of one channel, 16 bits each."""

    rate: int
    samples: bytes

    @property
    def seconds(self) -> float:
        return len(self.samples) / 2 / self.rate


class SpeechModel:
    """The voice activity detector of WebRTC, and rules that make segments of its frames."""

    inputs = ("audio.wav",)

    def analyse(self, inputs: Mapping[str, bytes], *, explain: bool, detect_drift: bool) -> dict[str, bytes]:
        """The results of one recording. Raises BadInput."""
        recording = read_recording(inputs["audio.wav"])
        segments = find_segments(judge_frames(recording))
        times = [(round(start * FRAME_MS / 1000, 2), round(end * FRAME_MS / 1000, 2)) for start, end in segments]
        spoken = sum(end - start for start, end in times)
        share = min(1.0, spoken / recording.seconds)
        classes = [{"class": "speech", "score": round(share, 4)}, {"class": "no speech", "score": round(1 - share, 4)}]
        results = {
            "data": {
                "result": {
                    "classPredictions": sorted(classes, key=lambda entry: -float(str(entry["score"]))),
                    "segments": [{"start": start, "end": end} for start, end in times],
                    "seconds": round(recording.seconds, 2),
                    "speechSeconds": round(spoken, 2),
                },
                "explanation": None,
                "drift": None,
            }
        }
        lines = ["start_seconds,end_seconds", *(f"{start:.2f},{end:.2f}" for start, end in times), ""]
        return {"results.json": json.dumps(results).encode(), "segments.csv": "\n".join(lines).encode()}


def read_recording(content: bytes) -> Recording:
    """The samples of a WAV file; several channels become one. Raises BadInput."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            if file.getsampwidth() != 2 or file.getframerate() not in RATES:
                raise BadInput(f"The recording has to have 16 bits and one of the rates {RATES}, in Hz.")
            if not 0 < file.getnframes() <= LONGEST_SECONDS * file.getframerate():
                raise BadInput(f"The recording has to last up to {LONGEST_SECONDS} seconds, and not be empty.")
            channels, rate = file.getnchannels(), file.getframerate()
            samples = file.readframes(file.getnframes())
    except (wave.Error, EOFError, ValueError) as problem:
        raise BadInput("The input is not a WAV file that can be read.") from problem
    return Recording(rate, mix(samples, channels))


def mix(samples: bytes, channels: int) -> bytes:
    """The mean of all channels."""
    whole = samples[: len(samples) // (2 * channels) * 2 * channels]
    if channels == 1:
        return whole
    values = array.array("h", whole)
    if sys.byteorder == "big":
        values.byteswap()
    mixed = array.array("h", (sum(values[at : at + channels]) // channels for at in range(0, len(values), channels)))
    if sys.byteorder == "big":
        mixed.byteswap()
    return mixed.tobytes()


def judge_frames(recording: Recording) -> list[bool]:
    """Of each frame whether it sounds like speech."""
    detector = webrtcvad.Vad(STRICTNESS)
    size = recording.rate * FRAME_MS // 1000 * 2
    whole = range(0, len(recording.samples) - size + 1, size)
    return [detector.is_speech(recording.samples[at : at + size], recording.rate) for at in whole]


def find_segments(frames: Sequence[bool]) -> list[tuple[int, int]]:
    """First frame and the one after the last, of each stretch of speech."""
    found: list[tuple[int, int]] = []
    for place, is_speech in enumerate(frames):
        if not is_speech:
            continue
        if found and place - found[-1][1] <= LONGEST_GAP_FRAMES:
            found[-1] = (found[-1][0], place + 1)
        else:
            found.append((place, place + 1))
    return [(start, end) for start, end in found if end - start >= SHORTEST_FRAMES]
