"""Sizes as people who describe models write them: "1M", "512Ki", "1.5 GB"."""

import re

_SIZE = re.compile(r"(\d{1,30}(?:\.\d{1,30})?)\s*([kmgt]?)i?b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def parse_size(text: str) -> int | None:
    """Bytes, or None where the text is not a size. Units count in steps of 1024, as container runtimes do."""
    found = _SIZE.fullmatch(text.strip())
    if not found:
        return None
    number, unit = found.groups()
    return int(float(number) * 1024 ** _POWERS[unit.lower()])
