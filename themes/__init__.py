"""The themes: dark, light, high contrast, colour-blind safe, and one for a big screen."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="ops-dark",
    primary="#7aa2c8",
    secondary="#8fa3b5",
    accent="#6fb3a8",
    foreground="#c8cdd3",
    background="#101418",
    surface="#161b20",
    panel="#2a323b",
    success="#7fb069",
    warning="#e0a43a",
    error="#f0605a",
    dark=True,
    variables={"ops-dim": "#7d8791", "ops-frame": "#39434d", "ops-strong": "#f2f4f6"},
)

LIGHT = Theme(
    name="ops-light",
    primary="#1f5f99",
    secondary="#53616e",
    accent="#1d7a6d",
    foreground="#22272c",
    background="#fbfaf7",
    surface="#f1efe9",
    panel="#dcd9d0",
    success="#3c7a2a",
    warning="#9a5b00",
    error="#bf1d1d",
    dark=False,
    variables={"ops-dim": "#6b737b", "ops-frame": "#c2beb3", "ops-strong": "#000000"},
)

HIGH_CONTRAST = Theme(
    name="high-contrast",
    primary="#66ccff",
    secondary="#ffffff",
    accent="#66ffdd",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#404040",
    success="#66ff66",
    warning="#ffdd00",
    error="#ff6666",
    dark=True,
    variables={"ops-dim": "#c0c0c0", "ops-frame": "#909090", "ops-strong": "#ffffff"},
)

COLOR_BLIND = Theme(
    # Blue, yellow and vermilion of Okabe and Ito's palette: told apart by all common deficiencies
    name="color-blind",
    primary="#56b4e9",
    secondary="#a8b0b8",
    accent="#56b4e9",
    foreground="#d2d6da",
    background="#11151a",
    surface="#171c22",
    panel="#2b333d",
    success="#0099d5",
    warning="#f0e442",
    error="#ff7a2e",
    dark=True,
    variables={"ops-dim": "#8a939c", "ops-frame": "#3c4650", "ops-strong": "#ffffff"},
)

WAR_ROOM = Theme(
    # Read from five metres: nothing fainter than 7:1 on black, states in full saturation
    name="war-room",
    primary="#9fd0ff",
    secondary="#ffffff",
    accent="#7ff0d8",
    foreground="#f4f4f4",
    background="#000000",
    surface="#0a0a0a",
    panel="#333333",
    success="#7dff7d",
    warning="#ffc400",
    error="#ff5a4d",
    dark=True,
    variables={"ops-dim": "#b4b4b4", "ops-frame": "#6a6a6a", "ops-strong": "#ffffff"},
)

THEMES = (DARK, LIGHT, HIGH_CONTRAST, COLOR_BLIND, WAR_ROOM)
