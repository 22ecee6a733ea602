"""Themes: everything can be read, by everybody, as the terminal shows it."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from typing import get_args

import pytest
from rich.color import Color, ColorSystem
from rich.color_triplet import ColorTriplet
from rich.style import Style

import themes
from console import config
from tests.widgets.fakes import COLUMNS, Row
from tests.widgets.stage import Stage
from themes import THEMES
from widgets.draw import ROLES
from widgets.table import Table

NAMES = [theme.name for theme in THEMES]
STRICT = ("high-contrast", "war-room")
LINES = ("frame", "frame-focus", "past")
"""What is seen and not read."""
TEXT = [role for role in ROLES if role not in LINES]


def luminance(color: ColorTriplet) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [value / 255 for value in color]
    red, green, blue = (v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(style: Style, system: ColorSystem = ColorSystem.TRUECOLOR) -> float:
    """Between text and background, as a terminal with these colours shows them (WCAG 2)."""
    assert style.color is not None
    assert style.bgcolor is not None
    shades = sorted(luminance(shown(color, system)) for color in (style.color, style.bgcolor))
    return (shades[1] + 0.05) / (shades[0] + 0.05)


def shown(color: Color, system: ColorSystem) -> ColorTriplet:
    """What becomes of a colour."""
    return color.downgrade(system).get_truecolor()


async def styles(theme: str) -> dict[str, Style]:
    """The style of every role, alone and under the cursor."""
    table: Table[Row] = Table(COLUMNS, lambda row: row.name)
    async with Stage(table, theme=theme).run_test(size=(40, 5)) as pilot:
        table.focus()
        await pilot.pause()
        table._roles.clear()
        found = {role: table.role_style(role) for role in ROLES}
        return found | {f"{role}+cursor": table.role_style(f"{role}+cursor") for role in ROLES}


def test_the_configuration_knows_every_theme() -> None:
    """And no other."""
    assert sorted(get_args(config.Theme)) == sorted(NAMES)


@pytest.mark.parametrize("theme", NAMES)
async def test_text_can_be_read(theme: str) -> None:
    """4.5:1 for all text, 7:1 where a theme promises more; 3:1 for sparklines and the frame in front."""
    found = await styles(theme)
    least = 7.0 if theme in STRICT else 4.5
    poor = {role: round(contrast(found[role]), 2) for role in TEXT if contrast(found[role]) < least}
    assert poor == {}
    assert min(contrast(found[role]) for role in ("frame-focus", "past", "past+cursor")) >= 3.0
    assert contrast(found["frame"]) >= (3.0 if theme in STRICT else 1.5)


@pytest.mark.parametrize("theme", NAMES)
async def test_text_can_be_read_under_the_cursor(theme: str) -> None:
    """A warning stays one there, and legible; the cursor is seen."""
    found = await styles(theme)
    for role in TEXT:
        assert contrast(found[f"{role}+cursor"]) >= 4.5, role
    for role in ("warn", "crit"):
        assert found[f"{role}+cursor"].color == found[role].color
    assert found["text+cursor"].bgcolor != found["text"].bgcolor


@pytest.mark.parametrize("theme", NAMES)
async def test_text_can_be_read_in_256_colours(theme: str) -> None:
    """As in screen, and in tmux without COLORTERM."""
    found = await styles(theme)
    for role in TEXT:
        assert contrast(found[role], ColorSystem.EIGHT_BIT) >= 4.0, role
        assert contrast(found[f"{role}+cursor"], ColorSystem.EIGHT_BIT) >= 4.0, role
    cursor, plain = found["text+cursor"].bgcolor, found["text"].bgcolor
    assert cursor is not None
    assert plain is not None
    assert cursor.downgrade(ColorSystem.EIGHT_BIT) != plain.downgrade(ColorSystem.EIGHT_BIT)


@pytest.mark.parametrize("theme", NAMES)
async def test_what_differs_in_meaning_differs_in_look(theme: str) -> None:
    """Ordinary, warning, critical; the four banners."""
    found = await styles(theme)
    for one, other in combinations(("text", "warn", "crit"), 2):
        assert found[one].color != found[other].color
    banners = [found[role].bgcolor for role in ROLES if role.startswith("banner-")]
    assert len(set(banners)) == len(banners)
    hues = [found[f"hue-{number}"].color for number in range(1, 5)]
    assert len({*hues, found["warn"].color, found["crit"].color}) == 6
    assert all(found[role].bold for role in ("warn", "crit", "strong", "title", "key"))


def simulated(color: Color, matrix: tuple[tuple[float, float, float], ...]) -> tuple[float, ...]:
    """A colour as it is seen with a deficiency, in linear light."""
    linear = [(v / 255) ** 2.2 for v in color.get_truecolor()]
    return tuple(sum(weight * value for weight, value in zip(row, linear, strict=True)) for row in matrix)


# Viénot, Brettel and Mollon (1999), "Digital video colourmaps for checking the legibility of displays
# by dichromats": linear RGB of protanopes and deuteranopes
PROTANOPIA = ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0))
DEUTERANOPIA = ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0))


@pytest.mark.parametrize("matrix", [PROTANOPIA, DEUTERANOPIA], ids=["protanopia", "deuteranopia"])
async def test_the_colour_blind_theme_keeps_states_apart(
    matrix: tuple[tuple[float, float, float], ...],
) -> None:
    """Good, warning and critical stay different colours to dichromats."""
    found = await styles("color-blind")
    states = [found[role].bgcolor for role in ("banner-success", "banner-warning", "banner-error")]
    for one, other in combinations(states, 2):
        assert one is not None
        assert other is not None
        apart = sum(
            (a - b) ** 2 for a, b in zip(simulated(one, matrix), simulated(other, matrix), strict=True)
        )
        assert apart**0.5 > 0.25


CSS = Path(themes.__file__).parent / "app.tcss"


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_a_look_in_any_number_of_colours(role: str) -> None:
    """In the themes' colours, and in the terminal's own."""
    text = CSS.read_text(encoding="utf-8")
    assert f"\n.canvas--{role} {{" in text
    assert f"\n.-few-colors .canvas--{role} {{" in text


def test_colours_are_theme_tokens_only() -> None:
    """So that every theme reaches everything; beside them only the terminal's own, where there are few."""
    found = re.findall(r"(?:color|background|border)[\w-]*: ([^;]+);", CSS.read_text(encoding="utf-8"))
    assert len(found) > 30
    for value in found:
        assert re.fullmatch(r"(round |vkey )?\$[\w-]+( \d+%)?|ansi_\w+|none|transparent", value), value
    for package in ("screens", "widgets"):
        for path in (Path(themes.__file__).parents[1] / package).rglob("*.py"):
            assert not re.search(r"#[0-9a-fA-F]{6}\b", path.read_text(encoding="utf-8")), path


def test_themes_define_the_same_tokens() -> None:
    """None falls back to another's."""
    assert len({frozenset(theme.variables) for theme in THEMES}) == 1
