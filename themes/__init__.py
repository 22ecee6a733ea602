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
    error="#ff6e67",
    dark=True,
    variables={
        "ops-dim": "#7d8791",
        "ops-frame": "#39434d",
        "ops-past": "#52837d",
        "ops-strong": "#f2f4f6",
        "ops-cursor": "#2b2f35",
        "ops-mark": "#1e2227",
        "ops-hue-1": "#7fb2e5",
        "ops-hue-2": "#c39be0",
        "ops-hue-3": "#63c2ae",
        "ops-hue-4": "#d8a0b8",
    },
)

LIGHT = Theme(
    name="ops-light",
    primary="#1f5f99",
    secondary="#53616e",
    accent="#176b5f",
    foreground="#22272c",
    background="#fbfaf7",
    surface="#f1efe9",
    panel="#dcd9d0",
    success="#3c7a2a",
    warning="#8a5000",
    error="#b81818",
    dark=False,
    variables={
        "ops-dim": "#666e76",
        "ops-frame": "#c2beb3",
        "ops-past": "#45887d",
        "ops-strong": "#000000",
        "ops-cursor": "#e2e0da",
        "ops-mark": "#efede7",
        "ops-hue-1": "#1f5f99",
        "ops-hue-2": "#672a8f",
        "ops-hue-3": "#176b5f",
        "ops-hue-4": "#7a2f56",
    },
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
    error="#ff8080",
    dark=True,
    variables={
        "ops-dim": "#c0c0c0",
        "ops-frame": "#909090",
        "ops-past": "#47b29b",
        "ops-strong": "#ffffff",
        "ops-cursor": "#333333",
        "ops-mark": "#1c1c1c",
        "ops-hue-1": "#66ccff",
        "ops-hue-2": "#e0a8ff",
        "ops-hue-3": "#66ffdd",
        "ops-hue-4": "#ffb0d8",
    },
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
    error="#ff8a42",
    dark=True,
    variables={
        "ops-dim": "#8a939c",
        "ops-frame": "#3c4650",
        "ops-past": "#4184ab",
        "ops-strong": "#ffffff",
        "ops-cursor": "#2c3036",
        "ops-mark": "#1f2328",
        "ops-hue-1": "#56b4e9",
        "ops-hue-2": "#cc9fd8",
        "ops-hue-3": "#35b795",
        "ops-hue-4": "#c3ccd4",
    },
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
    error="#ff7a6e",
    dark=True,
    variables={
        "ops-dim": "#b4b4b4",
        "ops-frame": "#6a6a6a",
        "ops-past": "#59a897",
        "ops-strong": "#ffffff",
        "ops-cursor": "#303030",
        "ops-mark": "#1c1c1c",
        "ops-hue-1": "#9fd0ff",
        "ops-hue-2": "#dcb4ff",
        "ops-hue-3": "#7ff0d8",
        "ops-hue-4": "#ffb8dc",
    },
)

THEMES = (DARK, LIGHT, HIGH_CONTRAST, COLOR_BLIND, WAR_ROOM)
