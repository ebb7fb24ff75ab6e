"""Bodies of requests, from options that were given or not."""

import click


def given(**members: object) -> dict[str, object]:
    """Those that were given; the others stay as they are on the server. `from_` stands for `from`."""
    return {name.rstrip("_"): value for name, value in members.items() if value is not None}


def some(changes: dict[str, object]) -> dict[str, object]:
    """The body of a change, which has to change something. Raises UsageError."""
    if not changes:
        raise click.UsageError("Say what to change; --help lists what can be.")
    return changes


def listed(values: tuple[str, ...], none: bool = False) -> list[str] | None:
    """The values of an option that can be repeated; an empty list when it was said that there are none."""
    return list(values) if values or none else None
