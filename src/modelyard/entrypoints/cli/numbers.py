"""Numbers that somebody types, with refusals in plain words."""

import click

LONGEST_SECONDS = 86_400


class WholeNumber(click.ParamType[int]):
    """A whole number within bounds."""

    name = "number"

    def __init__(self, least: int, most: int | None = None) -> None:
        self.least, self.most = least, most

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        bounds = f"from {self.least} {'on' if self.most is None else f'to {self.most}'}"
        try:
            number = int(value)
        except ValueError:
            number = self.least - 1
        if number < self.least or (self.most is not None and number > self.most):
            self.fail(f"{str(value)[:40]!r} is no whole number {bounds}.", param, ctx)
        return number


class Seconds(click.ParamType[float]):
    """A time span that is more than nothing and at most a day."""

    name = "seconds"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            seconds = float(value)
        except ValueError:
            seconds = 0
        if not 0 < seconds <= LONGEST_SECONDS:
            self.fail(f"{str(value)[:40]!r} is no number of seconds above 0, up to {LONGEST_SECONDS}.", param, ctx)
        return seconds
