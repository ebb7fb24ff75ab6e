"""Amounts of processor and memory as people write them, and in the only spelling that every client reads."""

import re
from decimal import Decimal

from modelyard.core.errors import InvalidInput

LEAST_MILLIS, MOST_MILLIS = 10, 1_024_000
LEAST_BYTES, MOST_BYTES = 8_000_000, 10**14
_CPU = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(m?)", re.ASCII)
_MEMORY = re.compile(r"(\d{1,20}(?:\.\d{1,9})?)(?:e\+?(\d{1,2})|(Ki|Mi|Gi|K|k|M|G))?", re.ASCII)
_UNITS = {"K": 10**3, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
_GIGABYTE = _UNITS["G"]


class AmountRejected(InvalidInput):
    """An amount of processor or memory cannot be read, or is out of range."""

    def __init__(self, member: str, rule: str, given: str) -> None:
        super().__init__(f"{member}: {rule}, not {given[:40]!r}.")


def read_cpu(text: str) -> int:
    """Thousandths of a core out of `0.5` or `500m`. Raises AmountRejected."""
    match = _CPU.fullmatch(text.strip())
    millis = Decimal(match[1]) * (1 if match[2] else 1000) if match else None
    if millis is None or millis != int(millis) or not LEAST_MILLIS <= millis <= MOST_MILLIS:
        rule = f"cores such as 0.5 or 500m, from {LEAST_MILLIS}m to {MOST_MILLIS}m"
        raise AmountRejected("cpuAmount", rule, text)
    return int(millis)


def read_memory(text: str) -> int:
    """Bytes out of `128974848`, `129e6`, `129M`, `123Mi`, `2G` and the like. Raises AmountRejected."""
    match = _MEMORY.fullmatch(text.strip())
    size = int(Decimal(match[1]) * (10 ** int(match[2] or 0)) * _UNITS.get(match[3], 1)) if match else 0
    if not LEAST_BYTES <= size <= MOST_BYTES:
        rule = f"bytes such as 128974848, 129e6, 129M, 123Mi or 2G, from {LEAST_BYTES} to {MOST_BYTES}"
        raise AmountRejected("memoryAmount", rule, text)
    return size


def cpu_text(millis: int) -> str:
    """Always in thousandths: a client divides by 1000 what stands before the m."""
    return f"{millis}m"


def memory_text(size: int) -> str:
    """Always in G, whole or decimal: a client breaks on any other unit."""
    gigabytes = Decimal(size) / _GIGABYTE
    places = Decimal("0.01") if gigabytes >= Decimal("0.1") else Decimal("0.001")
    text = format(gigabytes.quantize(places), "f")
    return f"{text.rstrip('0').rstrip('.')}G"
