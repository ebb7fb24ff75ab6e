"""Writes what was measured for people."""


def amount(value: float, unit: str, *, sign: bool = False) -> str:
    """A value with its unit; short seconds as milliseconds."""
    plus = "+" if sign and value > 0 else ""
    if unit == "s" and abs(value) < 1:
        return f"{plus}{value * 1000:.{1 if abs(value) < 0.1 else 0}f} ms"
    return f"{plus}{value:.{2 if unit == 's' else 0}f} {unit}"
