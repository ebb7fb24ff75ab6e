"""Makes recordings of voices that nobody has: pulses of a throat through the resonances of five vowels."""

import io
import math
import random
import struct
import wave
from dataclasses import dataclass

VOWELS = {
    "a": (730, 1090, 2440),
    "e": (530, 1840, 2480),
    "i": (270, 2290, 3010),
    "o": (570, 840, 2410),
    "u": (300, 870, 2240),
}
"""Resonances in Hz."""
LOUDNESS = 12_000


@dataclass(frozen=True)
class Clip:
    """A recording, and when it speaks: (start, end) in seconds."""

    wav: bytes
    spoken: tuple[tuple[float, float], ...]


def make_clip(*, seed: int, rate: int = 8000, phrases: int = 2, noise: float = 0.01) -> Clip:
    """A few phrases with pauses between them, and noise.

    Args:
        noise: how loud, with the voice at 1.
    """
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    samples = silence(chance.uniform(0.5, 0.9), rate)
    spoken = []
    for _ in range(phrases):
        start = len(samples) / rate
        pitch = chance.choice((110, 130, 190, 220)) * chance.uniform(0.92, 1.08)
        for _ in range(chance.randint(3, 6)):
            samples += speak(chance.choice("aeiou"), chance.uniform(0.12, 0.24), pitch, rate, chance)
        spoken.append((round(start, 3), round(len(samples) / rate, 3)))
        samples += silence(chance.uniform(0.6, 1.1), rate)
    return Clip(to_wav([value + chance.gauss(0, noise) for value in samples], rate), tuple(spoken))


def silence(seconds: float, rate: int) -> list[float]:
    """Nothing, for a while."""
    return [0.0] * int(seconds * rate)


def speak(vowel: str, seconds: float, pitch: float, rate: int, chance: random.Random) -> list[float]:
    """One vowel that begins and ends softly."""
    count, phase = int(seconds * rate), 0.0
    throat = []
    for place in range(count):
        phase += pitch * (1 + 0.03 * math.sin(10 * math.pi * place / rate) - 0.1 * place / count) / rate
        throat.append(1.0 if phase >= 1 else chance.uniform(-0.01, 0.01))
        phase %= 1
    heard = [0.0] * count
    for order, frequency in enumerate(VOWELS[vowel]):
        for place, value in enumerate(resonate(throat, frequency, 80 + 20 * order, rate)):
            heard[place] += value / (1 + order)
    loudest, edge = max(map(abs, heard)), 0.03 * rate
    return [value / loudest * min(1, place / edge, (count - place) / edge) for place, value in enumerate(heard)]


def resonate(signal: list[float], frequency: float, width: float, rate: int) -> list[float]:
    """What a tube with this resonance makes of a sound. Frequencies in Hz."""
    radius = math.exp(-math.pi * width / rate)
    first, second = 2 * radius * math.cos(2 * math.pi * frequency / rate), -radius * radius
    before = last = 0.0
    out = []
    for value in signal:
        before, last = last, (1 - radius) * value + first * last + second * before
        out.append(last)
    return out


def to_wav(samples: list[float], rate: int) -> bytes:
    """A WAV file of one channel."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        loud = (max(-32_767, min(32_767, round(LOUDNESS * value))) for value in samples)
        file.writeframes(b"".join(struct.pack("<h", value) for value in loud))
    return target.getvalue()
