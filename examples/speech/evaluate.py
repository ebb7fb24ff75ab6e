"""Measures the model on synthetic voices in noise: runs while the image is built."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from speech import FRAME_MS, find_segments, judge_frames, read_recording  # type: ignore[import-not-found]
from synthesis import Clip, make_clip  # type: ignore[import-not-found]

CLIPS_PER_NOISE = 8
NOISES = {"hardly any noise": 0.003, "some noise": 0.02, "much noise": 0.06}
Frames = list[tuple[bool, bool]]
"""Of each frame whether the model calls it speech, and whether it is."""


def main(folder: Path) -> None:
    """Writes `metrics.json` and `groups.json` into a folder."""
    by_noise = {
        name: [frame for seed in range(CLIPS_PER_NOISE) for frame in judged(make_clip(seed=seed, noise=noise))]
        for name, noise in NOISES.items()
    }
    frames = [frame for group in by_noise.values() for frame in group]
    metrics = measure(frames)
    groups = [
        {"group": name, "metric": metric, "value": value, "sampleCount": len(group)}
        for name, group in by_noise.items()
        for metric, value in measure(group).items()
    ]
    (folder / "metrics.json").write_text(json.dumps(metrics))
    (folder / "groups.json").write_text(json.dumps(groups))
    print(f"{len(frames)} frames: {metrics}")


def judged(clip: Clip) -> Iterator[tuple[bool, bool]]:
    """The frames of a recording."""
    heard = judge_frames(read_recording(clip.wav))
    said = [False] * len(heard)
    for start, end in find_segments(heard):
        said[start:end] = [True] * (end - start)
    for place, is_speech in enumerate(said):
        middle = (place + 0.5) * FRAME_MS / 1000
        yield is_speech, any(start <= middle < end for start, end in clip.spoken)


def measure(frames: Frames) -> dict[str, float]:
    """The metrics of some frames."""
    found_right = sum(found and true for found, true in frames)
    return {
        "Frame Accuracy": round(sum(found == true for found, true in frames) / len(frames), 2),
        "Precision": round(found_right / sum(found for found, _ in frames), 2),
        "Recall": round(found_right / sum(true for _, true in frames), 2),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
