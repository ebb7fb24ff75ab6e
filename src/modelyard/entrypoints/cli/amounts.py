"""Amounts as people write them: sizes, times, processors."""

import re

SIZES = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
BINARY_SIZES = {"KI": 2**10, "MI": 2**20, "GI": 2**30, "TI": 2**40}
MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
_AMOUNT = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*([A-Za-z]{0,3})", re.ASCII)


def to_bytes(text: object) -> int:
    """`64K`, `1.5G` or `512Mi` in bytes. Raises ValueError."""
    amount, unit = _split(text, "a size such as 64K, 1.5M or 2Gi")
    factors = SIZES | BINARY_SIZES
    word = unit.upper() if unit.upper() in factors else unit.upper().removesuffix("B")
    if word not in factors:
        raise ValueError(f"{text!r} is not a size such as 64K, 1.5M or 2Gi")
    return round(amount * factors[word])


def to_milliseconds(text: object) -> int:
    """`20s`, `500ms` or `2m` in milliseconds. Raises ValueError."""
    amount, unit = _split(text, "a time such as 500ms, 20s or 2m")
    if unit not in MILLISECONDS:
        raise ValueError(f"{text!r} is not a time such as 500ms, 20s or 2m: it needs a unit")
    return round(amount * MILLISECONDS[unit])


def to_cpus(text: object) -> float:
    """`500m` or `2` in processors. Raises ValueError."""
    amount, unit = _split(text, "a number of processors such as 0.5, 2 or 500m")
    if unit not in {"", "m"}:
        raise ValueError(f"{text!r} is not a number of processors such as 0.5, 2 or 500m")
    return amount / 1000 if unit == "m" else amount


def _split(text: object, wanted: str) -> tuple[float, str]:
    found = _AMOUNT.fullmatch(str(text).strip())
    if not found:
        raise ValueError(f"{text!r} is not {wanted}")
    return float(found[1]), found[2]
