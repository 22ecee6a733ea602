"""Where a defect in drawing one thing stops, so that it does not take the console down.

Panes may come from other packages and draw what no test foresaw; Textual ends the app at the first
exception in a handler. So whatever draws a source is called through `attempt`, here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from console.text import clean

P = ParamSpec("P")
T = TypeVar("T")


class DrawingFailedError(Exception):
    """Something could not be drawn; the text is one clean sentence that says what went wrong."""


def attempt(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the call returns. Raises DrawingFailedError for whatever it raises."""
    try:
        return call(*args, **kwargs)
    except DrawingFailedError:
        raise
    except Exception as failure:
        # a traceback would be of no use to the reader of a pane: the kind and the words of the error are
        raise DrawingFailedError(clean(f"{type(failure).__name__}: {failure}", 200)) from failure
