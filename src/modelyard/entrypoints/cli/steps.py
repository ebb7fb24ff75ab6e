"""Steps that take a while: bars in a terminal, plain lines elsewhere; on standard error either way."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

from modelyard.entrypoints.cli.clean_text import clean

PLAIN_WIDTH = 100
LABEL_WIDTH = 30
BAR_WIDTH = 20
SECONDS_WIDTH = 7
SECONDS_BETWEEN_PLAIN_NOTES = 5


class Bar(Protocol):
    """The bar of one step."""

    def share(self, done: float) -> None:
        """Shows how much is done, 0 to 1."""

    def note(self, text: str) -> None:
        """Shows what is going on."""

    def result(self, text: str) -> None:
        """Shows what came out of it; this stays."""


class Steps(Protocol):
    """Steps that belong together."""

    def step(self, label: str) -> AbstractContextManager[Bar]:
        """One step; the time until its context ends is shown."""


@contextmanager
def shown_steps(console: Console | None = None) -> Iterator[Steps]:
    """Shows steps as long as the context lasts."""
    console = console or Console(stderr=True, highlight=False)
    if not console.is_terminal or console.is_dumb_terminal:
        plain = Console(file=console.file, highlight=False, no_color=True, force_terminal=False, width=PLAIN_WIDTH)
        yield _PlainSteps(plain)
        return
    columns = (
        TextColumn("{task.description}", table_column=Column(min_width=LABEL_WIDTH, no_wrap=True), markup=False),
        BarColumn(bar_width=BAR_WIDTH, finished_style="green"),
        _Seconds(table_column=Column(min_width=SECONDS_WIDTH, justify="right", no_wrap=True)),
        TextColumn("{task.fields[note]}", style="dim", table_column=Column(no_wrap=True), markup=False),
    )
    with Progress(*columns, console=console, refresh_per_second=8) as progress:
        yield _LiveSteps(progress)


class _Seconds(ProgressColumn):
    """The time of a step, with one decimal."""

    max_refresh = 0.1

    def render(self, task: Task) -> Text:
        seconds = task.finished_time if task.finished else task.elapsed
        return Text(f"{seconds or 0:.1f} s")


class _LiveSteps:
    """Bars that move."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    @contextmanager
    def step(self, label: str) -> Iterator[Bar]:
        task = self._progress.add_task(label, total=None, note="")
        try:
            yield _LiveBar(self._progress, task)
        except BaseException:
            self._progress.stop_task(task)
            self._progress.update(task, note="stopped")
            raise
        self._progress.update(task, total=1.0, completed=1.0)


class _LiveBar:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def share(self, done: float) -> None:
        # 1 would end the step before it has ended.
        self._progress.update(self._task, total=1.0, completed=max(0.0, min(done, 0.995)))

    def note(self, text: str) -> None:
        text = clean(text)
        room = self._progress.console.width - LABEL_WIDTH - BAR_WIDTH - SECONDS_WIDTH - 4
        if len(text) > room:
            text = text[: max(0, room - 1)] + "…"  # rather than a shorter bar
        self._progress.update(self._task, note=text)

    result = note


class _PlainSteps:
    """One line for each step, once it has ended; steps that take long say now and then what they do."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def step(self, label: str) -> Iterator[Bar]:
        bar = _PlainBar(self._console, label)
        try:
            yield bar
        except BaseException:
            bar.result("stopped")
            raise
        finally:
            line = f"{label:<{LABEL_WIDTH}} {time.monotonic() - bar.began:6.1f} s  {bar.text}".rstrip()
            self._console.print(Text(line), soft_wrap=True)


class _PlainBar:
    def __init__(self, console: Console, label: str) -> None:
        self.began = time.monotonic()
        self.text = ""
        self._console = console
        self._label = label
        self._said = self.began
        self._note = ""

    def share(self, done: float) -> None:
        """Lines of text do not move."""

    def note(self, text: str) -> None:
        now = time.monotonic()
        if text != self._note and now - self._said > SECONDS_BETWEEN_PLAIN_NOTES:
            self._console.print(Text(f"{self._label}: {clean(text)}"), soft_wrap=True)
            self._said = now
        self._note = text

    def result(self, text: str) -> None:
        self.text = clean(text)
