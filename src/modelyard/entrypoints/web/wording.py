"""Says times, sizes and counts as people read them."""

import hashlib
from datetime import UTC, datetime, timedelta

from modelyard.core.counted import plural_unless_one

_STEPS = (
    (timedelta(minutes=1), timedelta(seconds=1), "s"),
    (timedelta(hours=1), timedelta(minutes=1), "min"),
    (timedelta(days=1), timedelta(hours=1), "h"),
    (timedelta(days=60), timedelta(days=1), "d"),
    (timedelta(days=730), timedelta(days=30), "months"),
)
_UNITS = ("B", "kB", "MB", "GB", "TB")


def ago(at: datetime, now: datetime) -> str:
    """How long ago, or how far ahead: `12 min ago`, `in 3 d`, `just now`."""
    span = abs(now - at)
    if span < timedelta(seconds=1):
        return "just now"
    for limit, unit, word in _STEPS:
        if span < limit:
            text = f"{span // unit} {word}"
            break
    else:
        text = f"{span // timedelta(days=365)} years"
    return f"in {text}" if at > now else f"{text} ago"


def exact(at: datetime) -> str:
    """To the second, with its zone."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def minute(at: datetime | None) -> str:
    """As fields for times hold it, in UTC; empty without one."""
    return f"{at:%Y-%m-%dT%H:%M}" if at else ""


def count(number: int) -> str:
    """With commas between thousands."""
    return f"{number:,}"


def things(number: int, name: str) -> str:
    """So many of a thing, which is named in the singular: `1 job`, `1,200 jobs`."""
    return f"{count(number)} {plural_unless_one(number, name)}"


def size(number: float) -> str:
    """Bytes in the largest unit that leaves a number of at least one: `1.4 MB`, `2 GB`."""
    for unit in _UNITS:
        if number < 1000 or unit == _UNITS[-1]:
            return f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{_tenths(number)} {unit}"
        number /= 1000
    raise AssertionError("the last unit takes everything")


def _tenths(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


_BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
"""By what only they say of themselves, when it is looked for in this order."""
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


def browser(user_agent: str) -> str:
    """What somebody signs in with: `Firefox on Windows`; of other programs the first word that they say."""
    name = next((name for mark, name in _BROWSERS.items() if mark in user_agent), "")
    if not name:
        return user_agent.partition(" ")[0][:40] or "unknown"
    system = next((name for mark, name in _SYSTEMS.items() if mark in user_agent), "")
    return f"{name} on {system}" if system else name


def duration(milliseconds: float) -> str:
    """In the unit that suits: `12 ms`, `2.1 s`, `3 min 20 s`, `26 h`."""
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    if milliseconds < 60_000:
        return f"{_tenths(milliseconds / 1000)} s"
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    if minutes < 120:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    return f"{minutes // 60:,} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60:,} h"


def roughly(milliseconds: float) -> str:
    """A time that is only guessed, in its largest unit: `40 s`, `2 min`, `3 h`, `2 d`."""
    seconds = milliseconds / 1000
    for most, unit, word in ((90, 1, "s"), (90 * 60, 60, "min"), (48 * 3600, 3600, "h")):
        if seconds < most:
            return f"{max(1, round(seconds / unit))} {word}"
    return f"{round(seconds / 86_400):,} d"


def rate(number: float) -> str:
    """How many in a second: whole from ten on, with one place below: `1,397`, `2.5`."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.1f}"


def moment(seconds: int) -> str:
    """A time in seconds since 1970, to the minute."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"


def initials(name: str) -> str:
    """Of a person, for the circle that stands for them."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


def handle(text: str) -> str:
    """A short word in place of any text, for attributes in which not every letter may stand."""
    return f"h{hashlib.blake2s(text.encode(), digest_size=8).hexdigest()}"
