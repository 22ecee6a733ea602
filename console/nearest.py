"""The known word nearest to a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word a person most likely meant; empty when none is near."""
    import difflib  # a millisecond, wanted only when something is wrong already

    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)), "")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question to put behind an error: ` (did you mean x?)`; empty when no known word is near."""
    match = nearest(word, known)
    return f" (did you mean {match}?)" if match else ""
