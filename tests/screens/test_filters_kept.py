"""The filters of a line are the same objects at every drawing: Textual keeps their results by them."""

from __future__ import annotations

import pytest

from console.config import Config
from screens.app import OpsConsole


@pytest.mark.parametrize("no_color", [False, True])
async def test_filters_are_made_once(no_color: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    app = OpsConsole(Config(), [])
    async with app.run_test():
        first, second = app.get_line_filters(), app.get_line_filters()
    assert len(first) >= 1
    assert all(a is b for a, b in zip(first, second, strict=True))
