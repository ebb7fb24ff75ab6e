"""Pictures, recordings and series for the models of such things; of each some that no model can use."""

import json

from examples.demo.jobs import Item
from examples.digits.drawing import draw_digit
from examples.samples import make_series
from examples.speech.synthesis import make_clip


def pictures() -> list[Item]:
    """Each digit in two hands, a file that is no picture."""
    drawn = [
        Item(f"digit-{digit}{hand}", draw_digit(digit, seed=seed), f"a {digit} that a program drew")
        for digit in "0123456789"
        for seed, hand in enumerate("ab")
    ]
    return [*drawn, Item("digit-none", b"This is a text.", "a text that claims to be a picture")]


def recordings() -> list[Item]:
    """Synthetic voices in less and more noise, silence, a file that is no recording."""
    noises = {"clear": 0.003, "office": 0.02, "street": 0.06}
    spoken = [
        Item(f"voice-{name}", make_clip(seed=seed, noise=noise).wav, f"synthetic vowels, noise {noise:.1%}")
        for seed, (name, noise) in enumerate(noises.items(), start=20)
    ]
    silent = Item("voice-silence", make_clip(seed=1, phrases=0, noise=0.001).wav, "nearly nothing")
    return [*spoken, silent, Item("voice-broken", b"RIFF????WAVE", "the beginning of a recording")]


def series() -> list[Item]:
    """Seasons, a line, and a series that is too short for its season."""
    asked = {
        "ice-cream": ({"values": make_series(), "seasonLength": 12, "horizon": 12}, "six years of months"),
        "weekdays": ({"values": [20, 21, 23, 22, 30, 41, 38] * 8, "seasonLength": 7}, "eight weeks of days"),
        "line": ({"values": list(range(30)), "horizon": 5}, "0 to 29"),
        "too-short": ({"values": [1, 2, 3, 4, 5], "seasonLength": 12}, "five values, a season of twelve"),
    }
    return [Item(f"series-{name}", json.dumps(content).encode(), about) for name, (content, about) in asked.items()]
