"""What the Health pane puts before its reader, at every size it may get."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from console.collector import Feed
from console.config import Config
from console.findings import Severity
from console.history import History
from console.metrics import Sample
from console.sources.base import Reading
from console.sources.health.model import HealthSnapshot, ProbeStatus
from console.sources.health.source import HealthSource
from console.text import clean
from tests.console.sources.health.values import made, waiting
from tests.copies import replace
from tests.widgets.fakes import START
from widgets.draw import ROLES, Line, line_width
from widgets.pane import Context, View
from widgets.pane_drawing import draw_pane, title_spans
from widgets.panes.health import rows
from widgets.panes.health.pane import HealthPane, worst_first
from widgets.plot import draw_plot
from widgets.table import draw_row, layout

NOW = 1000.0
SIZES = [(36, 1), (36, 2), (36, 4), (40, 10), (52, 20), (76, 5), (110, 8), (158, 46), (230, 60)]
PANE = HealthPane()
OK, WARNING, CRITICAL = Severity.OK, Severity.WARNING, Severity.CRITICAL


def probe(name: str, severity: Severity = OK, text: str = "200 in 80ms", **known: Any) -> ProbeStatus:
    """A probe that was asked five seconds ago, and has been as it is for two minutes."""
    return made(NOW, name, severity, text, **known)


WELL = tuple(probe(f"service-{number:02}") for number in range(24))
MIXED = (
    probe("shop"),
    probe("billing", CRITICAL, "500 in 80ms, wanted 2xx"),
    probe("report", WARNING, "1.3s, wanted below 1.0s"),
    waiting(NOW, "stuck"),
    probe("checkout", CRITICAL, "connection refused by 10.0.0.7:443", since_at=NOW - 30),
)  # fmt: skip


def context(*probes: ProbeStatus, history: History | None = None) -> Context:
    """What the pane would be given for these probes."""
    source = HealthSource([])
    snapshot = HealthSnapshot(time=NOW, probes=probes)
    feed: Feed = Feed(source)
    found = tuple(source.judge(snapshot))
    feed.good = feed.reading = Reading("health", START, NOW, 0.01, snapshot, None, found)
    return Context(feed, history or History(), Config(), NOW, START)


def text(lines: Sequence[Line]) -> str:
    """The lines without their roles."""
    return "\n".join("".join(part for part, _ in line).rstrip() for line in lines)


def drawn(*probes: ProbeStatus, width: int = 100, height: int = 12) -> str:
    """The pane's text."""
    return text(PANE.body(context(*probes), width, height))


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize(
    "probes", [WELL, MIXED, WELL + MIXED, MIXED[1:2], (probe("名前" * 40, CRITICAL, "漢" * 99),)]
)
def test_it_fits_every_size(width: int, height: int, probes: tuple[ProbeStatus, ...]) -> None:
    lines = list(PANE.body(context(*probes), width, height))
    assert 0 < len(lines) <= height
    assert all(line_width(line) <= width for line in lines)
    assert all(role in ROLES for line in lines for _, role in line)
    assert all(len(line) for line in draw_pane(PANE, context(*probes), width, height))


def test_what_is_wrong_stands_first_and_says_since_when() -> None:
    lines = drawn(*MIXED).splitlines()
    assert [line.split()[1] for line in lines[:3]] == ["checkout", "billing", "report"]
    assert lines[0].startswith("✖ checkout connection refused by 10.0.0.7:443 ")
    assert lines[0].endswith(" 30s")
    assert lines[1].endswith(" 2m00s")
    assert lines[2].startswith("▲ report   1.3s, wanted below 1.0s ")
    assert lines[3].startswith("  shop     200 in 80ms ")
    assert lines[3].endswith(" 5.0s"), "how long ago it was asked"
    assert lines[4] == "  stuck    asking for 4.0s …"


def test_the_order_is_that_of_the_configuration_but_for_what_is_wrong() -> None:
    names = [one.name for one in worst_first(HealthSnapshot(time=NOW, probes=MIXED))]
    assert names == ["checkout", "billing", "report", "shop", "stuck"]


def test_the_strip_shows_failures_by_shape_and_role() -> None:
    spans = rows.strip(probe("x"), 6)
    assert spans == [("  ▄", "past"), ("▆", "warn"), ("×", "crit"), ("▃", "past")]
    assert rows.strip(probe("x"), 2) == [("×", "crit"), ("▆", "past")]
    assert rows.strip(probe("x", recent=()), 3) == [("   ", "past")]


def test_many_that_are_well_stand_in_columns() -> None:
    lines = drawn(*WELL, width=110, height=8).splitlines()
    assert len(lines) == 8
    assert lines[0].split()[::4] == ["service-00", "service-08", "service-16"]
    cut = drawn(*WELL, width=60, height=5).splitlines()
    assert cut[-1].endswith("+19 more")


def test_a_small_pane_says_how_much_it_leaves_out_and_that_others_are_well() -> None:
    wrong = [probe(f"w{number}", CRITICAL, "down") for number in range(7)]
    lines = drawn(*wrong, *WELL, width=60, height=4).splitlines()
    assert "service-0" in lines[-1]
    assert " ".join(lines).count("down") == 7
    assert drawn(*wrong, width=60, height=1).endswith("+3 more")
    many = drawn(*wrong, *WELL, width=100, height=6).splitlines()
    assert many[4].endswith("+2 more")


def test_one_that_is_asked_late_stands_out() -> None:
    late = probe("x", asked_at=NOW - 36)
    assert rows.late(late, NOW)
    assert rows.standing(late, NOW) == ("36s", "warn")
    assert not rows.late(probe("x", asked_at=NOW - 34), NOW)


def test_what_was_wrong_when_it_was_first_asked_has_been_so_for_longer_perhaps() -> None:
    seen = probe("shop", CRITICAL, "connection refused", since_at=NOW - 30)
    assert rows.standing(seen, NOW) == ("30s", "crit")
    assert rows.standing(replace(seen, found_so=True), NOW) == ("≥30s", "crit")
    long = probe("shop", CRITICAL, "down", since_at=NOW - 754, found_so=True)
    assert text([rows.row(long, 40, 8, NOW)]).endswith(" ≥12m")
    assert rows.stood(long, "10h05m") == "≥10h"
    assert rows.stood(long, "12d4h") == "≥12d4h"


def test_the_title_counts() -> None:
    def title(*probes: ProbeStatus) -> str:
        return text([tuple(title_spans(PANE, context(*probes), 6))])

    assert title(*WELL) == "6 Health  all 24 probes well"
    assert title(*MIXED) == "6 Health  ✖ 2  1 of 5 probes well  1 awaited"
    assert title(MIXED[0]) == "6 Health  all 1 probe well"


def view() -> View[Any]:
    """The table of the zoomed pane."""
    (one,) = PANE.views()
    return one


@pytest.mark.parametrize("width", [40, 80, 160, 240])
def test_the_table_fits(width: int) -> None:
    found = view().rows(context(*MIXED, *WELL))
    widths = layout(view().columns, width)
    for row in found:
        assert line_width(draw_row(widths, row)) <= width
    assert [column.id for column, _ in widths][:1] == ["name"]


def test_the_table_sorts_by_numbers() -> None:
    found = view().rows(context(*MIXED))
    columns = {column.id: column for column in view().columns}
    since = columns["since"].order(found, descending=False)
    assert since[0].probe.name == "checkout"
    assert since[-1].probe.name == "stuck", "without a value, last"
    states = columns["state"].order(found, descending=True)
    assert {row.probe.name for row in states[:2]} == {"billing", "checkout"}


def test_the_details_hold_everything_known() -> None:
    ctx = context(*MIXED)
    detail = view().detail
    assert detail is not None
    for row in view().rows(ctx):
        for width in (30, 60, 120):
            lines = detail(row, ctx, width)
            assert all(line_width(line) <= width for line in lines)
    said = text(detail(view().rows(ctx)[1], ctx, 80))
    for part in (
        "http billing",
        "500 in 80ms, wanted 2xx",
        "see its log",
        "10.0.0.1",
        "3 of 40 times",
        "every 15s",
    ):
        assert part in said


def test_the_plot_shows_the_worst_and_the_slowest() -> None:
    history = History()
    for one in MIXED:
        history.add(NOW - 10, [Sample("probe_duration_seconds", 0.1, one.labels)])
    ctx = context(*MIXED, history=history)
    (plot,) = view().plots
    curves = plot.curves(ctx, 120.0)
    assert {curve.name for curve in curves[:2]} == {"billing", "checkout"}
    assert len(curves) == 4
    assert draw_plot(plot.spec, curves, 80, 8, NOW, 120.0)


def test_nothing_outside_reaches_the_screen_raw() -> None:
    said = "\x1b[31m[bold]evil\u202e"
    hostile = probe("x", CRITICAL, clean(said))
    lines = PANE.body(context(hostile), 60, 5)
    assert "\x1b" not in text(lines)
    assert "[bold]evil" in text(lines)


def test_drawing_loads_no_prober() -> None:
    code = (
        "import sys, widgets.panes.health.pane as pane; pane.HealthPane().views();"
        "print([name for name in ('h11', 'cryptography', 'dns') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
