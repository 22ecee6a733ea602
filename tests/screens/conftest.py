"""Screens are tested with panes of their own, which draw what fake sources hold."""

from __future__ import annotations

from pathlib import Path

import pytest

import screens.zoom
import widgets.pane_widget
from tests.widgets.fakes import FakePane
from widgets.panes import pane_for


@pytest.fixture(autouse=True)
def fake_panes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every kind gets a fake pane."""
    for module in (widgets.pane_widget, screens.zoom):
        monkeypatch.setattr(module, "pane_for", FakePane)


@pytest.fixture
def real_panes(fake_panes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Panes are found as in the real console."""
    for module in (widgets.pane_widget, screens.zoom):
        monkeypatch.setattr(module, "pane_for", pane_for)


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever is written goes to a folder of the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
