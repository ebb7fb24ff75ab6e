"""Bodies of requests, from options that were given or not."""


def given(**members: object) -> dict[str, object]:
    """Those that were given; the others stay as they are on the server. `from_` stands for `from`."""
    return {name.rstrip("_"): value for name, value in members.items() if value is not None}


def listed(values: tuple[str, ...], none: bool = False) -> list[str] | None:
    """The values of an option that can be repeated; an empty list when it was said that there are none."""
    return list(values) if values or none else None
