"""What the user sees: bars and tables in a terminal, plain lines elsewhere."""

from contextlib import AbstractContextManager

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from examples.demo.failure import DemoFailed
from modelyard.entrypoints.cli.steps import PLAIN_WIDTH, Steps, shown_steps


class Screen:
    """Writes to standard output, and failures to standard error."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)
        if not self.console.is_terminal or self.console.is_dumb_terminal:
            self.console = Console(highlight=False, no_color=True, force_terminal=False, width=PLAIN_WIDTH)

    def head(self, text: str, more: str = "") -> None:
        """A headline."""
        self.console.print(f"\n[bold]{escape(text)}[/bold]" + (f"  [dim]{escape(more)}[/dim]" if more else ""))

    def say(self, text: str) -> None:
        """A line."""
        self.console.print(Text(text), soft_wrap=True)

    def show(self, table: Table) -> None:
        """A table."""
        self.console.print(table)

    def fail(self, failure: DemoFailed) -> None:
        """The reason why the demo ends."""
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print(f"\n[bold red]The demo stopped:[/bold red] {escape(failure.reason)}")
        if failure.details:
            console.print(Text(failure.details))

    def steps(self) -> AbstractContextManager[Steps]:
        """Shows steps as long as the context lasts."""
        return shown_steps(self.console)
