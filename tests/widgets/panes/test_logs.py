"""What the logs pane puts before its reader, at every size it may get."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from console.filters import parse
from console.logs.buffer import MARK
from console.logs.levels import CONTINUED, Level
from console.metrics import Sample
from tests.widgets.panes.log_values import NOW, TIME, Log, counts, origin
from widgets.draw import ROLES, Line, fit, line_width
from widgets.pane_drawing import draw_pane, title_spans
from widgets.panes import pane_for
from widgets.panes.logs.pane import LogsPane

SIZES = [(36, 2), (36, 4), (40, 10), (52, 20), (76, 5), (110, 8), (158, 46), (230, 60)]
PANE = LogsPane()


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are shown in the local zone."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def text(lines: Sequence[Line]) -> list[str]:
    """The lines without their roles."""
    return ["".join(part for part, _ in line).rstrip() for line in lines]


def test_it_is_the_pane_of_its_kind() -> None:
    assert isinstance(pane_for("logs"), LogsPane)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_it_fits_any_room(width: int, height: int) -> None:
    log = Log("api", "a-database-with-a-long-name")
    log.fill(100)
    for code in (
        Level.DEBUG,
        Level.WARN,
        Level.ERROR,
        Level.ERROR | CONTINUED,
        Level.FATAL,
        Level.WARN | MARK,
    ):
        log.add("漢字 " * 60, code, 1)
    log.fill(30)
    context = log.context(minute=counts(error=3, warn=1))
    lines = draw_pane(PANE, context, width, height)
    assert 0 < len(lines) <= height
    assert {role for line in lines for _, role in line} <= set(ROLES)
    assert all(line_width(fit(line, width)) == width for line in lines)
    assert text(lines)[-1].endswith("line 30")


def test_sources_whose_names_end_differently_are_told_apart_in_little_room() -> None:
    log = Log("shop-api-1", "shop-api-2")
    log.add("one", Level.ERROR)
    log.add("two", Level.ERROR, 1)
    shown = text(draw_pane(PANE, log.context(), 51, 8))
    assert [line.split()[1] for line in shown[-2:]] == ["sho…pi-1", "sho…pi-2"]


def test_a_line_says_when_where_how_bad_and_what() -> None:
    log = Log("api", "db")
    log.add("2026-03-04 12:00:00,123 INFO started", Level.INFO)
    log.add("2026-03-04 12:00:01.5 UTC [7] WARNING:  slow", Level.WARN, 1)
    log.add("[error] upstream timeout id=609", Level.ERROR)
    log.add("  at line 2", Level.ERROR | CONTINUED)
    log.add("truncated", Level.WARN | MARK | CONTINUED, 1)
    log.add("a plain line", Level.NONE)
    shown = text(PANE.body(log.context(), 100, 6))
    assert shown == [
        "12:00:00 api  info  started",
        "12:00:00 db   WARN  [7] WARNING:  slow",
        "12:00:00 api  ERROR upstream timeout id=609",
        "12:00:00              at line 2",
        "12:00:00 db         ── truncated ──",
        "12:00:00 api        a plain line",
    ]
    narrow = text(PANE.body(log.context(), 60, 6))
    assert narrow[2] == "12:00:00 api  E upstream timeout id=609"


def test_levels_are_told_by_word_and_by_weight() -> None:
    log = Log("api")
    for level in Level:
        log.add("text", level)
    lines = PANE.body(log.context(), 100, 7)
    assert [line[-1][1] for line in lines] == ["text", "dim", "text", "text", "text", "crit", "crit"]
    words = [part for line in text(lines) for part in line.split() if part.strip() and part != "text"]
    assert [word for word in words if word.lower() in "debug info note warn error fatal"] == [
        "debug", "info", "note", "WARN", "ERROR", "FATAL",
    ]  # fmt: skip


def test_an_ordinary_line_has_two_styles() -> None:
    log = Log("api")
    log.fill(1)
    (line,) = PANE.body(log.context(), 100, 5)
    assert [role for _, role in line] == ["dim", "text"]


def test_a_line_of_another_day_says_so() -> None:
    log = Log("api")
    log.add("old", ago=86_400 * 2)
    assert text(PANE.body(log.context(), 100, 5))[0].startswith("02 12:00 api")


def test_errors_that_scrolled_away_stay_in_view() -> None:
    log = Log("api")
    log.fill(50)
    log.add("first error", Level.ERROR)
    log.fill(50)
    log.add("second error", Level.FATAL)
    log.add("its traceback", Level.FATAL | CONTINUED)
    log.fill(50)
    shown = text(PANE.body(log.context(minute=counts(error=1, fatal=1)), 100, 12))
    assert shown[0].endswith("first error")
    assert shown[1].endswith("second error")
    assert set(shown[2]) == {"─"}
    assert len(shown) == 12
    assert shown[-1].endswith("line 50")
    # in a minute without errors, old ones are history
    assert not any("error" in line for line in text(PANE.body(log.context(), 100, 12)))


def test_an_error_in_view_is_not_shown_twice() -> None:
    log = Log("api")
    log.add("old error", Level.ERROR, ago=3600)
    log.fill(50)
    log.add("new error", Level.ERROR)
    log.fill(3)
    shown = text(PANE.body(log.context(minute=counts(error=1)), 100, 12))
    assert sum("error" in line for line in shown) == 1


def test_sources_in_trouble_come_first() -> None:
    log = Log("api")
    log.fill(30)
    origins = [
        origin("api"),
        origin("db", problem="permission denied", fix="sudo usermod -aG adm $USER", expected=True),
        origin("web", gap="truncated: lines may be missing"),
    ]
    shown = text(PANE.body(log.context(origins=origins, missing=("/x/*.log",)), 100, 16))
    assert shown[0] == "▲ db permission denied  sudo usermod -aG adm $USER"
    assert shown[1] == "▲ web truncated: lines may be missing"
    assert shown[2] == "▲ /x/*.log names no file"
    assert len(shown) == 16


def test_no_line_at_all_is_told() -> None:
    log = Log("api")
    shown = text(PANE.body(log.context(notes=("no systemd journal on this host",)), 80, 5))
    assert shown == ["one source, no line yet; no systemd journal on this host"]


def test_the_title_has_the_rate_and_what_is_wrong() -> None:
    log = Log("api")
    log.fill(1)
    quiet = log.context()
    assert text([tuple(title_spans(PANE, quiet, 5))]) == ["5 Logs  200/s"]
    loud = log.context(minute=counts(error=12, warn=3), behind=True)
    spans = title_spans(PANE, loud, 5)
    assert "200/s  12 errors/min  3 warn/min  reading behind" in text([tuple(spans)])[0]
    assert ("  12 errors/min", "warn") in spans
    flood = title_spans(PANE, log.context(minute=counts(error=90)), 5)
    assert ("  90 errors/min", "crit") in flood


def test_the_past_is_shown_as_it_was() -> None:
    log = Log("api")
    log.add("long ago", ago=120)
    log.add("a minute ago", ago=60)
    log.add("now")
    then = log.context(now=NOW - 30, time=TIME - timedelta(seconds=30))
    assert [line.split()[-1] for line in text(PANE.body(then, 100, 5))] == ["ago", "ago"]
    assert text(PANE.body(log.context(), 100, 5))[-1].endswith("now")


def test_the_title_of_the_past_has_the_figures_of_the_past() -> None:
    log = Log("api")
    hour = ((NOW - 100, counts(error=7)), (NOW - 50, counts(error=2, warn=1)), (NOW - 10, counts(error=9)))
    more: dict[str, Any] = {"minute": counts(error=11, warn=1), "hour": hour, "behind": True}
    for ago in (46, 45, 43, 41):  # two of them came after the second moment, in the same ten seconds
        log.add("failed", Level.ERROR, ago=ago)
    for ago, rate in ((45, 30.0), (31, 40.0), (5, 900.0)):
        log.history.add(NOW - ago, [Sample("opsconsole_log_lines_per_second", rate)])
    moments = [log.context(now=NOW - ago, time=TIME - timedelta(seconds=ago), **more) for ago in (30, 44, 80)]
    past = ["".join(part for part, _ in PANE.headline(moment)) for moment in moments]
    assert past == ["40/s  2 errors/min  1 warn/min", "30/s  9 errors/min", "  7 errors/min"]
    present = "".join(part for part, _ in PANE.headline(log.context(**more)))
    assert present == "200/s  11 errors/min  1 warn/min  reading behind"


def test_drawing_costs_the_same_however_much_is_kept() -> None:
    took = {}
    for kept in (2_000, 20_000):
        log = Log("api", "db")
        for number in range(kept):
            log.add(f"2026-03-04 12:00:00,123 INFO request id={number} " + "x" * 80, Level.INFO, number % 2)
        context = log.context(minute=counts(error=1))
        PANE.body(context, 107, 20)
        times = []
        for _ in range(20):
            before = time.process_time()
            PANE.body(context, 107, 20)
            times.append(time.process_time() - before)
        took[kept] = statistics.median(times)
    assert took[20_000] < 5 * took[2_000], took  # twice


def test_it_loads_no_driver() -> None:
    script = (
        "import sys; import widgets.panes.logs.pane\n"
        "heavy = {'docker', 'requests', 'asyncpg', 'redis', 'console.sources.logs.source'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_it_says_how_to_configure_it() -> None:
    assert "[logs]" in PANE.settings()["files"]


# -- the sources' view


def test_sources_are_listed_with_what_is_wrong_with_them() -> None:
    from widgets.panes.logs.views import SOURCES, source_detail, source_rows
    from widgets.table import small_table

    log = Log("api", "db")
    origins = [
        origin("api", minute=counts(error=70, warn=2, info=100), latest=TIME.timestamp() - 5),
        origin("db", problem="permission denied", fix="sudo usermod -aG adm $USER"),
        origin("web", skipped=1200, minute=counts()),
    ]
    rows = source_rows(log.context(origins=origins))
    shown = text(small_table(SOURCES, rows, 120, 10, lambda row: row.severity))
    assert shown[1].split() == ["✖", "api", "file", "70", "2", "172", "10", "5.0s", "/var/log/api.log"]
    assert shown[2].startswith("▲ db")
    assert shown[2].endswith("permission denied")
    assert shown[3].endswith("1.2k lines skipped")
    assert shown[3].split()[6] == "-", "a source that never wrote did not write just now"
    detail = "\n".join(text(source_detail(rows[1], log.context(), 60)))
    assert "sudo usermod -aG adm $USER" in detail
    assert "10 since the start" in detail


def test_a_filter_for_the_lines_of_a_source_finds_it_among_the_sources() -> None:
    from widgets.panes.logs.views import SOURCES, source_rows
    from widgets.table import Table

    table: Table[Any] = Table(SOURCES, lambda row: row.origin.name)
    table._all = source_rows(Log("api", "db").context())
    table.filter = parse("source:^db(/|$)")
    table._arrange()
    assert [row.origin.name for row in table.rows] == ["db"]


def test_a_line_in_full() -> None:
    from widgets.panes.logs.views import line_detail

    log = Log("api")
    log.add('{"level":"error","msg":"no answer","tags":["a",1],"nested":{"x":null}}', Level.ERROR)
    line = log.buffer.line(1)
    assert line is not None
    shown = text(line_detail(line, log.context(), 80))
    assert shown[:3] == ["time    2026-03-04 12:00:00.000", "source  api", "level   error"]
    assert line.text in "".join(shown)
    assert any(row.split() == ["msg", "no", "answer"] for row in shown)
    assert any(row.startswith("tags") and '["a", 1]' in row for row in shown)
    log.add("x" * 500)
    long = log.buffer.line(2)
    assert long is not None
    assert sum(row.count("x") for row in text(line_detail(long, log.context(), 80))) == 500


def test_a_line_is_shown_with_the_rest_of_its_message() -> None:
    from widgets.panes.logs.views import line_detail

    log = Log("api", "db")
    log.add("before")
    log.add("ERROR failed", Level.ERROR)
    log.add("Traceback", Level.ERROR | CONTINUED)
    log.add("of another source", Level.INFO, 1)
    log.add("  in f", Level.ERROR | CONTINUED)
    log.add("after")
    for sequence in (2, 3, 5):
        line = log.buffer.line(sequence)
        assert line is not None
        shown = text(line_detail(line, log.context(), 80))
        assert [row for row in shown[4:] if row] == ["ERROR failed", "Traceback", "  in f"]
