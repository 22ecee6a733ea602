"""What the alerts pane puts before its reader, at every size it may get, whatever labels say."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.alerts.model import Alert, AlertsSnapshot, AlertState, Origin, RuleStatus
from console.errors import GateRefused
from console.findings import Severity
from console.metrics import labels
from console.text import clean
from tests.pty.hostile import STRINGS
from tests.pty.sequences import misleading
from tests.widgets.fakes import START
from tests.widgets.panes.alert_values import (
    BAD_HOUR,
    BLIND,
    CALM,
    DISK,
    ERRORS,
    HITS,
    NOTHING,
    SILENT,
    ago,
    alert,
    context,
    figures,
    rule,
)
from widgets.columns import draw_row, layout, needs_of
from widgets.draw import ROLES, Line, line_width
from widgets.pane import View
from widgets.pane_drawing import draw_pane, title_spans
from widgets.panes import pane_for
from widgets.panes.alerts import words
from widgets.panes.alerts.acts import alert_acts, silence_acts
from widgets.panes.alerts.pane import AlertsPane
from widgets.panes.alerts.rows import abouts, alert_rows, silence_rows
from widgets.panes.alerts.subjects import runbook_of, subject_of
from widgets.panes.alerts.views import VIEWS

SIZES = [(36, 2), (36, 4), (40, 10), (52, 8), (76, 5), (110, 9), (158, 46), (230, 60)]
PANE = AlertsPane()


def text(lines: list[Line]) -> list[str]:
    """What stands there."""
    return ["".join(part for part, _ in line).rstrip() for line in lines]


def body(snapshot: AlertsSnapshot = BAD_HOUR, width: int = 110, height: int = 9) -> list[str]:
    """The pane's lines, which fit."""
    lines = draw_pane(PANE, context(snapshot), width, height)
    assert len(lines) <= height
    assert all(line_width(line) <= width for line in lines)
    assert all(role in ROLES for line in lines for _, role in line)
    return text(lines)


def title(snapshot: AlertsSnapshot = BAD_HOUR) -> str:
    """The title line."""
    return "".join(part for part, _ in title_spans(PANE, context(snapshot), 6))


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("snapshot", [BAD_HOUR, CALM, NOTHING])
def test_it_fits_every_room(snapshot: AlertsSnapshot, width: int, height: int) -> None:
    """And always says something."""
    assert any(body(snapshot, width, height))


def test_what_nobody_has_handled_stands_first() -> None:
    """Firing, then pending, then what somebody knows of; below them the rules that see nothing."""
    lines = body()
    assert lines[0].startswith("✖ HighErrorRate  api-3 api   0.12 > 0.05")
    assert lines[0].endswith("firing 12m")
    assert "≈ flapping 4x/h" in lines[1]
    assert "pending 40s of 5m ━─────" in lines[2]
    assert lines[3].startswith("⊘ BackupOld")
    assert lines[3].endswith("⊘ silenced 2h10m")
    assert lines[4].startswith("✓ DiskFull")
    assert lines[4].endswith("✓ ana: old dumps go")
    assert lines[5] == '? BadRule broken: unexpected ")" at 1:14'
    assert lines[6] == "? ReplicaLag no data: no series of pg_replication_lag_seconds"
    assert lines[7] == "2 inactive; nearest: MemoryLow 0.81 of 0.9"
    assert lines[8] == "⊘ 1 silence, the first ends in 2h10m"


def test_a_narrow_pane_with_lines_to_spare_says_it_below() -> None:
    """Figure, trend and summary of each; where there are no lines to spare the rows stand alone."""
    lines = body(width=48, height=18)
    assert lines[0].split() == ["✖", "HighErrorRate", "api-3", "api", "firing", "12m"]
    assert lines[1].startswith("    0.12 > 0.05  ▃▄▄▅▅▅▅▅▅▆▆▆▆▆▆▆╎▄  12% of ")
    assert lines[2].startswith("▲ CacheMisses")
    assert lines[3].startswith("    ≈ flapping 4x/h  0.62 < 0.8")
    assert not any(line.startswith("    ") for line in body(width=48, height=10))


def test_the_title_counts_them() -> None:
    """What is handled is not counted among what fires."""
    assert title() == "6 Alerts  ✖ 1  2 firing, 1 pending, 2 handled, 1 broken, 1 no data"
    assert title(CALM) == "6 Alerts  23 rules"


def test_all_fine_is_one_calm_line() -> None:
    """With the one that is nearest to firing; on two lines where there is less room."""
    assert body(CALM) == ["23 rules, all inactive; nearest: MemoryLow 0.81 of 0.9"]
    assert body(CALM, 40) == ["23 rules, all inactive", "nearest: MemoryLow 0.81 of 0.9"]
    assert body(NOTHING)[0].startswith("no rules")


def test_nothing_that_fires_is_out_of_sight_unannounced() -> None:
    """The last line counts it; blind rules keep a line of their own."""
    many = replace(
        BAD_HOUR,
        rules=(BLIND, rule("Many", *(alert("Many", pairs=labels(instance=f"web-{n}")) for n in range(40)))),
    )
    lines = body(many, 80, 6)
    assert lines[4] == "+36 more alerts"
    assert lines[5].startswith("? ReplicaLag")
    assert body(many, 80, 2)[0].startswith("✖ Many web-0 firing 12m  ✖ Many web-1 firing 12m")
    assert body(many, 80, 2)[-1].endswith("more")


def test_siblings_are_told_apart_by_what_differs() -> None:
    """Not by labels that all of them have; an only one by what its rule has not given it."""
    assert abouts(DISK) == ["/var", "/srv/data"]
    assert abouts(ERRORS) == ["api-3 api"]
    some = rule("X", *(alert("X", pairs=labels(job="a", shard=str(n), zone="eu-1")) for n in range(2)))
    assert abouts(some) == ["shard=0", "shard=1"]
    ports = rule("X", *(alert("X", pairs=labels(instance=f"10.0.0.1:{n}")) for n in range(2)))
    assert abouts(ports) == ["10.0.0.1:0", "10.0.0.1:1"]
    one = rule("X", alert("X", pairs=labels(a="alpha", b="beta", c="gamma", d="delta", alertname="X")))
    assert abouts(one) == ["alpha beta gamma +1"]


def test_of_labels_that_each_tell_all_apart_the_shorter_is_shown() -> None:
    """In a narrow column the long ones would all begin alike: `/backups/...`."""
    paths = {"orders dump": "/var/backups/orders-*.gz", "mails dump": "/var/backups/mails-*.gz"}
    down = rule("Down", *(alert("Down", pairs=labels(job=job, instance=at)) for job, at in paths.items()))
    assert abouts(down) == ["orders dump", "mails dump"]
    same = rule("Down", *(alert("Down", pairs=labels(job="api", instance=f"api-{n}:9100")) for n in (1, 2)))
    assert abouts(same) == ["api-1:9100", "api-2:9100"]


def test_the_trend_shows_on_which_side_of_its_limit_a_figure_is() -> None:
    """By the height of its bars, without colour; the last, faint one is the limit's height."""
    over = words.trend(ERRORS, ERRORS.values, context(), 18, "crit")
    assert "".join(part for part, _ in over) == "▃▄▄▅▅▅▅▅▅▆▆▆▆▆▆▆╎▄"
    under = words.trend(HITS, HITS.values, context(), 18, "warn")
    assert "".join(part for part, _ in under) == "▆▆▅▄▃▃▂▂▂▂▂▂▂▂▂▂╎▂"
    assert {role for part, role in under if "▂" in part} == {"warn", "dim"}
    assert words.trend(ERRORS, (), context(), 18, "crit") == []


def test_the_trend_of_a_figure_that_is_zero_is_flat_and_its_gaps_are_blank() -> None:
    """A gap is no peak: `probe_success == 0` has nothing but zeros."""
    down = rule("Down", limit=0.0, operator="==")
    now = context().now
    points = [(now - 110, 0.0), (now - 10, 0.0)]
    text = "".join(part for part, _ in words.trend(down, points, context(), 18, "crit"))
    assert set(text) == {"▁", " "}
    same = "".join(
        part for part, _ in words.trend(down, [(t, 3.0) for t, _ in points], context(), 18, "crit")
    )
    assert set(same) == {"▆", " "}


@pytest.mark.parametrize(
    ("operator", "limit", "value"),
    [(">", 0.0, 0.0), ("<", 0.0, -1.0), (">=", float("inf"), 1.0), ("", None, 3.0), ("==", 1.0, 1.0),
     (">", float("nan"), 1.0), ("<", 5.0, float("inf"))],
)  # fmt: skip
def test_no_figure_breaks_the_drawing(operator: str, limit: float | None, value: float) -> None:
    """Limits of zero, infinity, none at all."""
    odd = rule(
        "Odd", alert("Odd", value=value), values=figures(value, 0.0, value), limit=limit, operator=operator
    )
    for width in (36, 110, 200):
        assert body(replace(BAD_HOUR, rules=(odd,)), width)[0].startswith("✖ Odd")
    assert VIEWS[1].detail is not None
    assert VIEWS[1].detail(VIEWS[1].rows(context(replace(BAD_HOUR, rules=(odd,))))[0], context(), 80)


def cells(view: View[Any], snapshot: AlertsSnapshot, width: int) -> list[str]:
    """The rows of a view as they are drawn."""
    rows = view.rows(context(snapshot))
    widths = layout(view.columns, width, needs_of(view.columns, rows, {}))
    return ["".join(part for part, _ in draw_row(widths, row)).rstrip() for row in rows]


def test_the_views_have_everything() -> None:
    """Alerts, rules with what they lack, silences."""
    assert [view.title for view in VIEWS] == ["Alerts", "Rules", "Silences"]
    alerts = cells(VIEWS[0], BAD_HOUR, 200)
    assert len(alerts) == 5
    assert alerts[0].split()[:8] == [
        "firing",
        "critical",
        "HighErrorRate",
        "api-3",
        "api",
        "0.12",
        ">",
        "0.05",
    ]
    rules = cells(VIEWS[1], BAD_HOUR, 200)
    assert len(rules) == 8
    assert any(line.startswith("? no data") and "no series of pg_replication_lag" in line for line in rules)
    assert any("OPERATIONS.md:412" in line for line in rules)
    (silence,) = cells(VIEWS[2], BAD_HOUR, 120)
    assert 'alertname="BackupOld"' in silence
    assert "the new disk comes at two" in silence
    for view in VIEWS:
        keys = [view.key(row) for row in view.rows(context())]
        assert len(keys) == len(set(keys))
        assert view.rows(context(NOTHING)) == []


def details(view: View[Any], index: int, width: int = 90, snapshot: AlertsSnapshot = BAD_HOUR) -> str:
    """All about a row."""
    given = context(snapshot)
    assert view.detail is not None
    return "\n".join(text(list(view.detail(view.rows(given)[index], given, width))))


def test_an_alert_tells_all_about_itself() -> None:
    """Expression, figure beside its limit, plot, labels, annotations, origin, runbook and why, its record."""
    told = details(VIEWS[0], 0)
    for words_ in (
        "state       critical, firing 12m", "value       0.12 > 0.05", '[5m]))\n    / sum by',
        "┄ limit 0.05", "service  api", "description Look at the upstream first",
        "origin      OPERATIONS.md:412 (guide)", "group       api", "hold        fires after 5m",
        "runbook     Service down (same name)", "11:50:00  noted by bo: upstream is slow again",
        "11:48:00  firing: 0.11 > 0.05",
    ):  # fmt: skip
        assert words_ in told, words_
    assert "silence     until 2026-03-04" in details(VIEWS[0], 3)
    assert "no series of pg_replication_lag_seconds" in "\n".join(details(VIEWS[1], n) for n in range(8))
    assert "alerts it is about now: 1" in details(VIEWS[2], 0)


def test_a_row_leads_to_the_pane_its_subject_is_in() -> None:
    """By the metrics of its expression; else to the log."""
    assert subject_of(HITS, {"server": "cache"}) == ("redis", "")
    assert subject_of(DISK, {"mountpoint": "/var"}) == ("system", "")
    cpu = rule("Cpu", expression="rate(container_cpu_usage_seconds_total[1m]) > 1")
    assert subject_of(cpu, {"name": "api-3"}) == ("docker", "api-3")
    pods = rule("Pods", expression='kube_pod_status_phase{phase="Pending"} == 1')
    assert subject_of(pods, {"namespace": "shop", "pod": "api-7f"}) == ("kubernetes", "api-7f")
    lost = rule("Lost", expression='opsconsole_kubernetes_pods{status="Unknown"} > 0')
    assert subject_of(lost, {"context": "eu-1"}) == ("kubernetes", "")
    assert subject_of(rule("Up", expression='up{job="x"} == 0'), {"instance": "api"}) == (
        "logs",
        "api",
    )
    assert subject_of(rule("Up", expression="x == 0"), {"instance": "a b | c"}) == ("logs", "")
    assert subject_of(rule("Up", expression="probe_success == 0"), {}) == ("health", "")
    assert runbook_of(ERRORS) == "Service down"
    assert runbook_of(HITS) == ""


def test_the_acts_fit_what_an_alert_is_in() -> None:
    """What was said can be taken back; silences of an engine are that engine's."""
    rows = alert_rows(context())
    acts = {row.name: [act.step.title for act in alert_acts(row, context())] for row in rows}
    assert acts["HighErrorRate"] == [
        "Acknowledge HighErrorRate",
        "Silence HighErrorRate api-3 api", "Silence every alert of HighErrorRate", "Silence what matches",
        "Note on HighErrorRate",
    ]  # fmt: skip
    assert acts["BackupOld"][0] == 'Expire the silence of alertname="BackupOld"'
    assert acts["DiskFull"][0].startswith("Unacknowledge ")
    engine = replace(ERRORS, origin=Origin(file="http://prom:9090", kind="prometheus"))
    (row,) = alert_rows(context(replace(BAD_HOUR, rules=(engine,))))
    assert [act.step.title.split()[0] for act in alert_acts(row, context())] == ["Acknowledge", "Note"]


def test_a_silence_that_has_ended_is_not_ended_again() -> None:
    """And is not listed."""
    (row,) = silence_rows(context())
    assert [act.step.title for act in silence_acts(row, context())] == [
        'Expire the silence of alertname="BackupOld"'
    ]
    over = replace(row.silence, until=START - ago(1))
    assert silence_rows(context(replace(BAD_HOUR, silences=(over,)))) == []
    with pytest.raises(GateRefused):
        silence_acts(replace(row, silence=over), context())


outside = st.text(max_size=60) | st.sampled_from(STRINGS)
pairs = st.dictionaries(outside, outside, max_size=5).map(lambda found: tuple(sorted(found.items())))
numbers = st.floats(allow_nan=True) | st.none()
alerts_of = st.builds(
    Alert, rule=outside, state=st.sampled_from([AlertState.FIRING, AlertState.PENDING]),
    severity=st.sampled_from(list(Severity)), labels=pairs, value=numbers, summary=outside, annotations=pairs,
    since=st.none() | st.just(START), acknowledged=outside, changes=st.integers(0, 9),
    silence=st.none() | st.just(SILENT.alerts[0].silence),
)  # fmt: skip
rules_of = st.builds(
    RuleStatus, name=outside, expression=outside, state=st.sampled_from(list(AlertState)), reason=outside,
    origin=st.builds(Origin, file=outside, line=st.integers(0, 9), kind=outside), group=outside,
    hold=st.floats(0, 1e6), labels=pairs, alerts=st.lists(alerts_of, max_size=3).map(tuple), limit=numbers,
    operator=st.sampled_from(["", ">", ">=", "<", "<=", "==", "!="]), runbook=outside, runbook_why=outside,
    unit=st.sampled_from(["", "%", "s", "B", "/s"]),
    values=st.lists(st.floats(allow_nan=True), max_size=6).map(lambda found: figures(*found)),
)  # fmt: skip


@given(st.lists(rules_of, max_size=4), st.sampled_from(SIZES))
def test_no_label_annotation_or_figure_breaks_the_screen(
    rules: list[RuleStatus], size: tuple[int, int]
) -> None:
    """Every line fits, and nothing in it is anything but text."""
    snapshot = replace(BAD_HOUR, rules=tuple(rules))
    for line in body(snapshot, *size):
        assert not misleading(line)
        assert line == clean(line, 10_000)
    title(snapshot)
    for view in VIEWS:
        for row in view.rows(context(snapshot)):
            for column in view.columns:
                shown = column.span(row)[0]
                assert shown == clean(shown, 10_000), column.id
            assert view.detail is not None
            for spans in view.detail(row, context(snapshot), size[0]):
                told = "".join(part for part, _ in spans)
                assert told == clean(told, 50_000)
            assert view.acts is None or view.acts(row, context(snapshot))


def test_it_is_loaded_without_textual_drivers_or_the_journal() -> None:
    """The first paint of the pane needs none of them."""
    heavy = "{'apsw', 'docker', 'asyncpg', 'textual.app'}"
    code = f"import sys, widgets.panes.alerts.pane; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert isinstance(pane_for("alerts"), AlertsPane)


def test_a_figure_stands_until_the_next_and_a_long_pause_is_a_gap() -> None:
    points = words.held([(0.0, 1.0), (5.0, 2.0), (60.0, 3.0), (70.0, 4.0)], 63.0)
    assert points[:6] == [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 1.0), (4.0, 1.0), (5.0, 2.0)]
    times = [time for time, _ in points]
    assert times == sorted(set(times))
    assert max(time for time in times if time < 60) == 20.0
    assert points[-3:] == [(60.0, 3.0), (61.0, 3.0), (62.0, 3.0)]
