"""The addresses of a list's pages and filters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import Request

from modelyard.core.paging import Page
from modelyard.entrypoints.rest.requests import read_page, read_text


@dataclass(frozen=True, slots=True)
class ListState:
    """What a list is narrowed to, and which page of it is shown."""

    path: str
    chosen: Mapping[str, str]
    page: Page

    def address(self, **changes: str) -> str:
        """The same list with other filters, from its first page on."""
        query = urlencode({name: value for name, value in (dict(self.chosen) | changes).items() if value})
        return f"{self.path}?{query}" if query else self.path

    def _beside(self, step: int) -> str:
        """The address of the page before or after."""
        return self.address(page=str(self.page.number + step)) if self.page.number + step > 1 else self.address()

    @property
    def preceding(self) -> str:
        """The address of the page before; empty on the first."""
        return self._beside(-1) if self.page.number > 1 else ""

    def following(self, *, has_next: bool) -> str:
        """The address of the page after; empty on the last."""
        return self._beside(1) if has_next else ""

    def text(self, name: str) -> str:
        """The value of a filter."""
        return self.chosen.get(name, "")


def read_list(request: Request, path: str, filters: Sequence[str], size: int) -> ListState:
    """What an address says of a list."""
    chosen = {name: text for name in filters if (text := read_text(request, name))}
    return ListState(path, chosen, Page(read_page(request).number, size))
