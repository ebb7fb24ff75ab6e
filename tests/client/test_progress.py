"""How far a job is, shown where somebody looks."""

from typing import Any

import pytest

from modelyard.client.progress import NotebookBar, Silent, items_done, uploading, words
from modelyard.client.things import Job, job_of

HALF = job_of({"jobIdentifier": "j", "status": "IN_PROGRESS", "total": 4, "completed": 1, "failed": 1})


class Page:
    """What a notebook shows."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def display(self, html: str, *, display_id: bool) -> "Page":
        assert display_id
        self.update(html)
        return self

    def update(self, html: str) -> None:
        self.shown.append(html)


def test_a_notebook_draws_a_bar() -> None:
    page = Page()
    bar = NotebookBar(str, page.display, 10_000_000)
    bar.show(HALF)
    bar.advance(5_000_000)

    assert '<progress value="2" max="4"' in page.shown[1]
    assert "2 of 4 items, in progress, 1 failed" in page.shown[1]
    assert "5.0 of 10.0 MB sent" in page.shown[2]


def test_a_terminal_shows_items_and_bytes(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    with items_done(True) as shows:
        shows.show(HALF)
    with uploading(True, 2_000_000) as shows:
        shows.advance(1_000_000)
    shown = capsys.readouterr()

    assert "2/4" in shown.err
    assert "1.0/2.0 MB" in shown.err
    assert shown.out == ""


def test_a_status_does_nothing_to_a_terminal() -> None:
    assert words(job_of({"status": "DONE\x1b[2J" + "x" * 99})) == "done?[2j" + "x" * 32


@pytest.mark.parametrize("progress", [False, None])
def test_nobody_looks(progress: Any) -> None:
    with items_done(progress) as shows, uploading(progress, 5) as uploads:
        assert isinstance(shows, Silent)
        assert isinstance(uploads, Silent)


def test_a_function_is_told() -> None:
    told: list[Job] = []
    with items_done(told.append) as shows:
        shows.show(HALF)

    assert told == [HALF]
