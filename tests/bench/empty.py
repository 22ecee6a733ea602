"""The least a Textual application can be: what a first paint costs before any of our own work."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Empty(App[None]):
    """One line of text."""

    def compose(self) -> ComposeResult:
        """The line."""
        yield Static("nothing to see here, and nothing behind it")


if __name__ == "__main__":
    Empty().run()
