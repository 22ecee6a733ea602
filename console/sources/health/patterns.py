"""Patterns of the configuration held beside what servers, logs and processes say: RE2, in linear time."""

from __future__ import annotations

from typing import Any

from console.errors import UsageError
from console.text import clean


class Pattern:
    """A regular expression that no text can make slow: Python's own may take hours for 40 characters."""

    def __init__(self, pattern: str, key: str) -> None:
        """Raises UsageError for one that is wrong; `key` is where it is written."""
        import re2  # loads in 10 ms; most probes have no pattern

        options = re2.Options()
        options.log_errors = False
        self.pattern = pattern
        try:
            self._compiled = re2.compile(pattern, options=options)
        except (re2.error, UnicodeEncodeError) as error:
            said = error.args[0] if error.args else ""
            why = clean(said.decode(errors="replace") if isinstance(said, bytes) else str(error), 200)
            raise UsageError(
                f"{key} is no regular expression: {why}", "write it in RE2's syntax, without look-around"
            ) from None

    def search(self, text: str) -> bool:
        """Whether it is found in the text."""
        return _asked(self._compiled.search, text)

    def fullmatch(self, text: str) -> bool:
        """Whether it matches the text as a whole."""
        return _asked(self._compiled.fullmatch, text)


def _asked(question: Any, text: str) -> bool:
    try:
        return question(text) is not None
    except UnicodeEncodeError:  # a half of a surrogate pair, which is no character
        return question(text.encode(errors="replace").decode()) is not None
