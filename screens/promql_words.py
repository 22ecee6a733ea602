"""Completion of expressions: the metrics that are known where they are asked, and PromQL's functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.suggester import Suggester

from console.errors import OpsError
from screens.selecting import complete

if TYPE_CHECKING:
    from console.alerts.asking import Answers
    from screens.app import OpsConsole

_WORD = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*$")
_BEGINNING = re.compile(r"\s*(promql\s|=|$)")
LEAST = 2
"""Characters from which a word is completed."""


class Words(Suggester):
    """Completes the last word of an expression; what stands before one are whole commands."""

    def __init__(self, app: OpsConsole, commands: Sequence[str] = ()) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._app = app
        self._commands = commands
        self._answers: Answers | None = None

    async def get_suggestion(self, value: str) -> str | None:
        """The line with its last word complete; None where nothing is known."""
        if self._commands and not _BEGINNING.match(value):
            low = value.casefold()
            whole = next((one for one in self._commands if one.casefold().startswith(low)), None)
            return whole or complete(self._app, value)
        found = _WORD.search(value)
        if found is None or len(found[0]) < LEAST or _within_string(value):
            return None
        for word in await self._words():
            if word.startswith(found[0]) and word != found[0]:
                return value + word[len(found[0]) :]
        return None

    async def _words(self) -> Sequence[str]:
        from console.alerts.promql.aggregate import AGGREGATIONS
        from console.alerts.promql.functions import FUNCTIONS
        from screens.query import answers_for

        functions = [f"{name}(" for name in sorted((*FUNCTIONS, *AGGREGATIONS))]
        if self._answers is None:
            self._answers = answers_for(self._app.base)
        try:
            return [*functions, *await self._answers.names()]
        except OpsError:
            return functions  # it does not answer, which is told when it is asked


def _within_string(text: str) -> bool:
    """Whether the text ends within quotes: what stands there is a label's value."""
    quote = ""
    escaped = False
    for char in text:
        if escaped:
            escaped = False
        elif quote and char == "\\":
            escaped = True
        elif quote:
            quote = "" if char == quote else quote
        elif char in "\"'`":
            quote = char
    return bool(quote)
