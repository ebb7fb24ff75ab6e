"""Shows how far something is: in a terminal, in a notebook, to a function of the caller, or not at all.

`Progress` is what a caller says: None shows a bar where somebody looks (a terminal on standard error, or a notebook),
True always, False never; a function is called with each look at the job.
"""

import html
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from modelyard.client.things import Job
from modelyard.core.counted import counted

Progress = bool | Callable[[Job], None] | None


class Shows(Protocol):
    """A bar that somebody sees, or nobody."""

    def show(self, job: Job) -> None:
        """Shows a job as it is now."""

    def advance(self, size: int) -> None:
        """Shows that so many bytes more have been sent."""


class Silent:
    """Shows nothing."""

    def show(self, job: Job) -> None:
        """Nothing."""

    def advance(self, size: int) -> None:
        """Nothing."""


@contextmanager
def items_done(progress: Progress) -> Iterator[Shows]:
    """For the time of waiting for items."""
    if callable(progress):
        yield _Told(progress)
    elif is_notebook() and progress is not False:
        yield NotebookBar(*_page())
    elif progress or (progress is None and sys.stderr.isatty()):
        with _terminal_bar("items", None) as bar:
            yield bar
    else:
        yield Silent()


@contextmanager
def uploading(progress: Progress, size: int) -> Iterator[Shows]:
    """For the time of an upload of so many bytes."""
    if is_notebook() and not callable(progress) and progress is not False:
        yield NotebookBar(*_page(), size)
    elif progress is True or (progress is None and sys.stderr.isatty()):
        with _terminal_bar("upload", size) as bar:
            yield bar
    else:
        yield Silent()


def is_notebook() -> bool:
    """Whether this runs in a notebook, found out without importing what is not there."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return type(shell).__name__ == "ZMQInteractiveShell"


def words(job: Job) -> str:
    """What there is to say about a job in one line; whatever a server says does nothing to a terminal."""
    failed = f", {job.failed} failed" if job.failed else ""
    status = "".join(one if one.isprintable() else "?" for one in job.status[:40])
    return f"{status.lower().replace('_', ' ')}{failed}"


class _Told:
    def __init__(self, tell: Callable[[Job], None]) -> None:
        self._tell = tell

    def show(self, job: Job) -> None:
        self._tell(job)

    def advance(self, size: int) -> None:
        """Of uploads nothing is told."""


class _TerminalBar:
    def __init__(self, bar: Any, task: Any) -> None:
        self._bar, self._task = bar, task

    def show(self, job: Job) -> None:
        done = job.completed + job.failed
        self._bar.update(self._task, total=job.total or None, completed=done, note=words(job))

    def advance(self, size: int) -> None:
        self._bar.advance(self._task, size)


@contextmanager
def _terminal_bar(what: str, size: int | None) -> Iterator[Shows]:
    try:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    except ImportError:  # the client works without
        yield Silent()
        return
    count = MofNCompleteColumn() if size is None else DownloadColumn()
    note = TextColumn("{task.fields[note]}", style="dim", markup=False)
    columns = (TextColumn("{task.description}"), BarColumn(), count, TimeElapsedColumn(), note)
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=8) as bar:
        yield _TerminalBar(bar, bar.add_task(what, total=size, note=""))


def _page() -> tuple[Callable[[str], Any], Callable[..., Any]]:
    """What a notebook has for drawing on its page."""
    from IPython.display import HTML, display  # type: ignore[import-not-found, unused-ignore]

    return HTML, display


class NotebookBar:
    """A bar that the notebook's page draws; it needs no widgets."""

    def __init__(self, page: Callable[[str], Any], display: Callable[..., Any], size: int = 0) -> None:
        self._page, self._size, self._sent = page, size, 0
        self._handle = display(page(""), display_id=True)

    def show(self, job: Job) -> None:
        done = job.completed + job.failed
        self._draw(done, job.total, f"{done} of {counted(job.total, 'item')}, {words(job)}")

    def advance(self, size: int) -> None:
        self._sent += size
        self._draw(self._sent, self._size, f"{self._sent / 1e6:.1f} of {self._size / 1e6:.1f} MB sent")

    def _draw(self, done: int, total: int, text: str) -> None:
        bar = f'<progress value="{done}" max="{max(1, total)}" style="width: 20em"></progress> {html.escape(text)}'
        self._handle.update(self._page(bar))
