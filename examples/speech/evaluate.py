"""Measures the model on synthetic voices in noise: runs while the image is built."""

import json
import sys
from pathlib import Path

from speech import FRAME_MS, find_segments, judge_frames, read_recording  # type: ignore[import-not-found]
from synthesis import make_clip  # type: ignore[import-not-found]

CLIPS_PER_NOISE = 8
NOISES = (0.003, 0.02, 0.06)


def main(target: Path) -> None:
    """Writes what was measured."""
    right = found_right = found = spoken = frames = 0
    for noise in NOISES:
        for seed in range(CLIPS_PER_NOISE):
            clip = make_clip(seed=seed, noise=noise)
            judged = judge_frames(read_recording(clip.wav))
            said = [False] * len(judged)
            for start, end in find_segments(judged):
                said[start:end] = [True] * (end - start)
            for place, is_speech in enumerate(said):
                middle = (place + 0.5) * FRAME_MS / 1000
                truth = any(start <= middle < end for start, end in clip.spoken)
                right += is_speech == truth
                found_right += is_speech and truth
                found += is_speech
                spoken += truth
                frames += 1
    metrics = {"Frame Accuracy": right / frames, "Precision": found_right / found, "Recall": found_right / spoken}
    target.write_text(json.dumps({name: round(value, 2) for name, value in metrics.items()}))
    print(f"{frames} frames: {metrics}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
