"""Regular expressions of strangers: matched in time linear in the text, by an engine that never tracks back.

Python's own engine needs time exponential in the text for patterns such as `^(a|a)*$`. The one used here comes with
pydantic; it has neither look-around nor backreferences, and finds a pattern anywhere in a text, as JSON Schema
wants it.
"""

import re
from functools import lru_cache

from pydantic_core import SchemaError, SchemaValidator, core_schema

LONGEST_PATTERN = 1000
LARGEST_PATTERN = 5000
"""States of the machine that the pattern becomes, roughly."""
MOST_WORK = 50_000_000
"""States times characters of one match: some tenths of a second in the worst case."""
_CLASS_SIZE = 50
"""Of `\\w` and the like, which stand for many letters of many alphabets."""
_CLASS = r"\[\^?+\]?+(?:\\.|\[:\^?\w+:\]|[^\]\\\[])*+"
"""The beginning of a class, up to its end or to a class within."""
_PARTS = re.compile(rf"\\[pP]\{{[^}}]*\}}|\\.|{_CLASS}\]|\{{\d+(?:,\d*)?\}}|.", re.DOTALL)
_NUMBERS = re.compile(r"\d{1,9}")
_REFUSED = (
    (r"\(\?[a-zA-Z-]*x[a-zA-Z-]*[:)]", "the flag x is not supported, as spaces would not be what they seem"),
    (_CLASS + r"\[", r"a class inside a class is not supported; write \[ for the character"),
)
"""JSON Schema knows neither, and the size of such a pattern cannot be told."""


class PatternRejected(ValueError):
    """The pattern cannot be used; says why."""


class TextTooLong(ValueError):
    """The text is too long for this pattern."""


class LinearPattern:
    """A pattern that is ready to be found in texts."""

    def __init__(self, pattern: str) -> None:
        if problem := next((reason for form, reason in _REFUSED if _has(form, pattern)), None):
            raise PatternRejected(problem)
        self.size = pattern_size(pattern)
        if len(pattern) > LONGEST_PATTERN or self.size > LARGEST_PATTERN:
            raise PatternRejected("the pattern is too large; use fewer or smaller repetitions, or maxLength")
        try:
            self._machine = SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
        except SchemaError as error:
            raise PatternRejected(f"the pattern cannot be used: {_reason(error)}") from None

    def is_in(self, text: str) -> bool:
        """Whether the pattern is found in a text. Raises TextTooLong."""
        if self.work(text) > MOST_WORK:
            raise TextTooLong("too long to be compared with the pattern")
        return self._machine.isinstance_python(text)

    def work(self, text: str) -> int:
        """How much a match costs at most."""
        return self.size * len(text)


MOST_KEPT = 100
"""A large one takes some megabytes."""


@lru_cache(maxsize=MOST_KEPT)
def compile_pattern(pattern: str) -> LinearPattern:
    """The pattern, made ready once. Raises PatternRejected."""
    return LinearPattern(pattern)


def _has(form: str, pattern: str) -> bool:
    """Whether there is something of this form outside of what is escaped, and of classes that are in order."""
    return any(found[1] for found in re.finditer(rf"({form})|\\.|{_CLASS}\]|.", pattern, re.DOTALL))


def pattern_size(pattern: str) -> int:
    """About how many states the machine of a pattern has: repetitions multiply what they repeat."""
    sizes, last = [0], 0
    for part in _PARTS.findall(pattern):
        if part == "(":
            sizes.append(0)
        elif part == ")" and len(sizes) > 1:
            last = sizes.pop()
            sizes[-1] += last
        elif len(part) > 1 and part[0] == "{":
            times = max(1, *map(int, _NUMBERS.findall(part)))
            sizes[-1] += last * (times - 1)
            last *= times
        else:
            last = _CLASS_SIZE if re.search(r"\\[wWdDsSpPbB]|^\[\^|\[:", part) else 1
            sizes[-1] += last
    return sum(sizes)


def _reason(error: SchemaError) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1].removeprefix("error: ").strip()[:200]
