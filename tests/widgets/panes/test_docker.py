"""What the containers' pane puts before its reader, at every size it may get."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.collector import Feed
from console.config import Config, Limits
from console.errors import Unreachable
from console.filters import parse
from console.findings import Severity
from console.history import History
from console.metrics import Sample, labels
from console.sources.base import Reading
from console.sources.docker.containers import Container, DockerSnapshot, Engine, Usage, metric_labels
from console.sources.docker.source import DockerSource
from console.text import clean
from tests.copies import replace
from widgets.draw import ROLES, Line, line_width
from widgets.pane import Context, View
from widgets.pane_drawing import draw_pane, title_spans
from widgets.panes.docker.pane import DockerPane
from widgets.panes.docker.projects import NO_PROJECT
from widgets.panes.docker.rows import rows
from widgets.plot import draw_plot
from widgets.table import draw_row, layout

NOW = 1000.0
TIME = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SIZES = [(36, 2), (36, 4), (40, 10), (52, 20), (76, 5), (78, 6), (110, 8), (158, 46), (230, 60)]
PANE = DockerPane()
MB = 1 << 20
ENGINE = Engine(
    kind="docker",
    name="db-eu-1",
    version="28.1",
    api="1.49",
    cpus=4,
    memory=16 << 30,
    root="/var/lib/docker",
    host="unix:///d.sock",
)


def container(number: int, **fields: Any) -> Container:
    """A container that has been running for an hour, unless said otherwise."""
    made: dict[str, Any] = {
        "id": f"{number:064x}",
        "name": f"api-{number}",
        "image": "shop/api:1.2",
        "state": "running",
        "inspected": True,
        "created": TIME - timedelta(days=2),
        "started": TIME - timedelta(hours=1),
        "pid": 100 + number,
        "memory_limit": 512 * MB,
    } | fields
    made["metric_labels"] = metric_labels(made["name"], made["image"], made["id"])
    return Container(**made)


def usage(cpu: float = 0.02, memory: float = 100 * MB, **fields: Any) -> Usage:
    made = {"cpu_steady": cpu, "received": 1e6, "sent": 2e5, "read": 0.0, "written": 0.0, "pids": 3} | fields
    return Usage(NOW, 1.0, cpu, memory=memory, **made)


def snapshot(*containers: Container, **fields: Any) -> DockerSnapshot:
    """These containers, those that run with a usage."""
    counts: dict[str, int] = {}
    for each in containers:
        counts[each.state] = counts.get(each.state, 0) + 1
    made: dict[str, Any] = {
        "engine": ENGINE,
        "usage": {each.id: usage() for each in containers if each.running},
        "time": TIME,
        "monotonic": NOW,
        "counts": counts,
        "statistics": "cgroup files",
    } | fields
    return DockerSnapshot(containers=containers, **made)


ENDED = {"started": TIME - timedelta(minutes=9), "finished": TIME - timedelta(minutes=4), "pid": 0}
OOM = container(
    3, name="worker", state="restarting", exit_code=137, oom_killed=True, restarts=9, policy="always",
    restarted=(TIME.timestamp() - 60,) * 4, **ENDED,
)  # fmt: skip
ILL = container(4, name="web", health="unhealthy", health_output="connection refused to 10.0.0.5:5432")
FULL = container(5, name="cache", memory_limit=100 * MB, cpu_limit=0.5)
CRASHED = container(6, name="batch", state="exited", exit_code=42, memory_limit=0, **ENDED)
DONE = container(7, name="migrate", state="exited", exit_code=0, **ENDED)
CALM = snapshot(container(1), container(2, health="healthy"), DONE)
WRONG = snapshot(
    container(1), OOM, ILL, FULL, CRASHED, DONE,
    usage={FULL.id: usage(0.5, 99 * MB, throttled=0.4), f"{1:064x}": usage(), ILL.id: usage()},
)  # fmt: skip
MANY = snapshot(
    *(container(number, name=f"svc-{number}") for number in range(100, 140)), OOM, ILL, FULL, CRASHED
)


def context(value: DockerSnapshot | None, history: History | None = None) -> Context:
    """What the pane would be given for this snapshot."""
    source = DockerSource({}, limits=Limits())
    feed: Feed = Feed(source)
    if value is not None:
        found = tuple(source.judge(value))
        feed.good = feed.reading = Reading("docker", TIME, NOW, 0.01, value, None, found)
    return Context(feed, history or History(), Config(), NOW, TIME)


def text(lines: Sequence[Line]) -> str:
    return "\n".join("".join(part for part, _ in line) for line in lines)


def roles(lines: Sequence[Line]) -> set[str]:
    return {role for line in lines for _, role in line}


def drawn(value: DockerSnapshot, width: int = 110, height: int = 20, history: History | None = None) -> str:
    return text(PANE.body(context(value, history), width, height))


def line_of(shown: str, name: str) -> str:
    return next(line for line in shown.splitlines() if name in line)


# -- the overview


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("value", [CALM, WRONG, MANY, snapshot()], ids=["calm", "wrong", "many", "none"])
def test_it_keeps_to_its_room(value: DockerSnapshot, width: int, height: int) -> None:
    lines = draw_pane(PANE, context(value), width, height)
    assert 0 < len(lines) <= height
    assert roles(lines) <= set(ROLES)
    if height >= 5:  # below that findings may be longer, and the frame cuts them
        assert all(line_width(line) <= width for line in lines)
    assert all(clean(part) == part for line in lines for part, _ in line)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_healthy_containers_are_a_calm_pane(width: int, height: int) -> None:
    assert roles(draw_pane(PANE, context(CALM), width, height)).isdisjoint({"warn", "crit"})


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("value", [WRONG, MANY], ids=["wrong", "many"])
def test_nothing_wrong_is_below_the_fold_unannounced(value: DockerSnapshot, width: int, height: int) -> None:
    lines = text(draw_pane(PANE, context(value), width, height))
    found = context(value).findings
    # few lines tell findings, others are rows of containers
    wrong = len(found) if height < 5 else len({finding.subject for finding in found})
    counted = "more" if height < 5 else "more that are wrong"
    shown = sum(len(re.findall("[✖▲] (?![+])", line)) for line in lines.splitlines())
    assert shown >= 1
    if shown < wrong:
        assert f"+{wrong - shown} {counted}" in lines


@pytest.mark.parametrize("value", [WRONG, MANY], ids=["wrong", "many"])
def test_four_lines_keep_what_all_of_them_take(value: DockerSnapshot) -> None:
    """Half of them for what is wrong; the rest for sums and for who takes most."""
    lines = drawn(value, 78, 4).splitlines()
    assert [line[:4] for line in lines[2:]] == ["cpu ", "top "]
    assert lines[0].startswith("✖ worker restarting, exit 137 OOM")
    told = [float(share.rstrip("%")) for share in re.findall(r" ([\d.]+%)", lines[3])]
    assert told == sorted(told, reverse=True)
    assert 1 <= len(told) <= 4


def test_exit_code_and_oom_come_first_and_the_worst_rows_on_top() -> None:
    shown = drawn(WRONG)
    assert "exit 137 OOM, restarting" in line_of(shown, "worker")
    assert " 9 " in line_of(shown, "worker")
    assert "exit 42, 4m ago" in line_of(shown, "batch")
    assert "unhealthy: connection" in line_of(shown, "web")
    names = [line.split()[1] for line in shown.splitlines() if line[:1] in "✖▲"]
    assert names == ["worker", "web", "cache", "batch"]
    assert "exit 0, 4m ago" in line_of(shown, "migrate")
    narrow = drawn(WRONG, 36, 10)
    assert "exit 137 OOM" in line_of(narrow, "worker")


def test_a_container_at_its_limit_says_so() -> None:
    shown = drawn(WRONG)
    assert "99.0M/100M" in line_of(shown, "cache")
    assert "memory 99% of 100M" in line_of(shown, "cache")
    lines = PANE.body(context(WRONG), 110, 20)
    cells = dict(next(line for line in lines if "cache" in text([line])))
    assert cells[" 99.0M/100M"] == "crit"


def test_busy_containers_stand_before_idle_ones_and_ended_ones_last() -> None:
    busy = container(9, name="zz-busy")
    value = snapshot(container(1), container(2), DONE, busy)
    value = replace(value, usage={**value.usage, busy.id: usage(0.8)})
    names = [row.container.name for row in rows(context(value))]
    assert names == ["zz-busy", "api-1", "api-2", "migrate"]


def test_the_title_counts_and_names_what_is_not_running() -> None:
    title = text([tuple(title_spans(PANE, context(WRONG), 2))])
    assert "2 Containers" in title
    assert "6, 1 unhealthy, 1 restarting, 2 exited" in title
    assert "✖ 3" in title
    assert text([tuple(title_spans(PANE, context(CALM), 2))]).endswith("3, 1 exited")


def test_a_wider_pane_shows_more_columns() -> None:
    wanted = {
        36: ("NAME", "STATE", "CPU"),
        52: ("MEM", "RST"),
        64: ("MEM/LIMIT",),
        90: ("UP", "CPU 2 MIN"),
        120: ("NET IN/OUT", "IMAGE"),
    }
    seen: tuple[str, ...] = ()
    for width, titles in wanted.items():
        seen += titles
        header = drawn(CALM, width).splitlines()[0]
        assert all(title in header for title in seen), (width, header)


def test_a_row_has_its_last_two_minutes() -> None:
    history = History()
    own = container(1).metric_labels
    for second in range(120):
        sample = Sample("container_cpu_usage_seconds_total", second * 0.1 + max(0, second - 60) * 0.8, own)
        history.add(NOW - 120 + second, [sample])
    bars = [char for char in line_of(drawn(CALM, 110, 20, history), "api-1") if char in "▁▂▃▄▅▆"]
    assert len(bars) >= 11
    assert bars[-1] > bars[0]


def test_sums_stand_below_when_there_is_room() -> None:
    assert "cpu 0.0 of 4 cores  mem 200M of 16.0G" in drawn(CALM, 110, 6).splitlines()[-1]
    assert drawn(CALM, 36, 2).startswith("cpu 0.0 of 4 cores")
    assert "more" in drawn(MANY, 110, 10).splitlines()[-1]
    one = container(1)
    unknown = drawn(snapshot(one, usage={one.id: usage(cpu=math.nan)}), 36, 2)
    assert unknown.startswith("cpu - of 4 cores"), "nothing measured yet is not nothing used"


def test_an_empty_engine_is_no_fault() -> None:
    assert drawn(snapshot()) == "no containers on db-eu-1"


def test_what_is_wrong_with_the_engine_is_told_above_the_table() -> None:
    warned = replace(ENGINE, warnings=("API is accessible on http://0.0.0.0:2375 without encryption.",))
    assert drawn(replace(CALM, engine=warned)).startswith("▲ engine API is accessible")


def test_the_last_containers_stay_visible_when_the_engine_is_gone() -> None:
    here = context(CALM)
    error = Unreachable("unix:///d.sock: Connection refused", "systemctl start docker")
    here.feed.reading = Reading("docker", TIME, NOW, 0.01, None, error)
    here.feed.failing_since = TIME
    lines = text(draw_pane(PANE, here, 110, 12))
    assert "stale since" in lines
    assert "api-1" in lines


# -- zoomed


def view(name: str) -> View[Any]:
    return next(each for each in PANE.views() if each.id == name)


def table(shown: View[Any], here: Context, width: int) -> str:
    widths = layout(shown.columns, width)
    return text([tuple(draw_row(widths, row)) for row in shown.rows(here)])


@pytest.mark.parametrize("width", [78, 120, 160, 240])
@pytest.mark.parametrize("name", ["containers", "projects", "engine"])
@pytest.mark.parametrize("value", [CALM, WRONG, MANY, snapshot()], ids=["calm", "wrong", "many", "none"])
def test_every_view_draws_rows_details_and_plots(value: DockerSnapshot, name: str, width: int) -> None:
    here, shown = context(value), view(name)
    found = shown.rows(here)
    assert len({shown.key(row) for row in found}) == len(found)
    for line in table(shown, here, width).splitlines():
        assert len(line) <= width
    for row in found:
        assert shown.detail is not None
        lines = shown.detail(row, here, width)
        assert roles(lines) <= set(ROLES)
        assert clean(text(lines).replace("\n", " ")) == text(lines).replace("\n", " ")
    for plot in shown.plots:
        assert draw_plot(plot.spec, plot.curves(here, 120.0), width, 10, here.now, 120.0)


def test_the_containers_can_be_sorted_by_every_number() -> None:
    here, shown = context(WRONG), view("containers")
    found = list(shown.rows(here))
    for column in shown.columns:
        assert len(column.order(found, True)) == len(found)
    memory = next(column for column in shown.columns if column.id == "memory-limit")
    assert memory.order(found, True)[0].container.name == "cache"


def test_projects_carry_their_worst_container() -> None:
    value = snapshot(
        container(1, project="shop", service="api"),
        replace(OOM, project="shop", service="worker"),
        container(2, project="erp", service="db"),
        container(8, name="alone"),
    )
    here, shown = context(value), view("projects")
    found = shown.rows(here)
    assert [project.name for project in found] == ["erp", "shop", NO_PROJECT]
    shop = found[1]
    assert (shop.running, shop.wrong, shop.services, shop.restarts) == (1, 1, 2, 4)
    assert found[2].services == 0
    assert shown.severity is not None
    assert shown.severity(shop) is Severity.CRITICAL
    assert "worker: exit 137 OOM, restarting" in table(shown, here, 160)


def test_the_detail_tells_everything_and_no_value_of_a_variable() -> None:
    whole = replace(
        OOM, ports=("8080->80/tcp", "9000/udp"), mounts=("data -> /data",), networks=("front", "back"),
        variables=("DATABASE_URL",), command="python -m shop", labels=("team=payments",), error="",
    )  # fmt: skip
    here, shown = context(snapshot(whole)), view("containers")
    assert shown.detail is not None
    lines = text(shown.detail(shown.rows(here)[0], here, 100))
    state = ("exit 137 OOM", "raise the memory limit", "9 since", "4 within 10 minutes", "always", "4m ago")
    made = ("8080->80/tcp", "9000/udp", "data -> /data", "front, back", "python -m shop", "team=payments")
    for each in (*state, *made, "DATABASE_URL (values are not kept)", "shop/api:1.2"):
        assert each in lines, each


def test_the_detail_of_a_running_one_has_usage_and_plots() -> None:
    history, own = History(), FULL.metric_labels
    for second in range(60):
        history.add(
            NOW - 60 + second,
            [
                Sample("container_cpu_usage_seconds_total", second * 0.4, own),
                Sample("container_memory_working_set_bytes", 90.0 * MB, own),
            ],
        )
    here, shown = context(WRONG, history), view("containers")
    assert shown.detail is not None
    row = next(row for row in shown.rows(here) if row.container.name == "cache")
    lines = text(shown.detail(row, here, 80))
    assert "50% of 0.5 cores allowed, its limit struck in 40% of the time" in lines
    assert "99.0M/100M, 99% of it" in lines
    assert "limit 100M" in lines
    assert any("\u2800" < char <= "\u28ff" for char in lines)


def test_the_sums_are_plotted_for_this_engine() -> None:
    history = History()
    history.add(NOW - 1, [Sample("opsconsole_containers_cpu_cores", 1.5, labels(engine="docker"))])
    history.add(NOW - 1, [Sample("opsconsole_containers_cpu_cores", 9.0, labels(engine="other"))])
    (curve,) = view("containers").plots[0].curves(context(CALM, history), 60.0)
    assert [value for _, value in curve.points] == [1.5]


def test_the_pane_loads_no_driver() -> None:
    script = (
        "import sys, widgets.panes.docker.pane, widgets.panes.docker.views\n"
        "drivers = ('docker', 'requests', 'console.sources.docker.engine_api')\n"
        "sys.exit(any(name in sys.modules for name in drivers))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_the_log_of_a_container_is_no_other_containers() -> None:
    """Also where its name is the beginning of another's, or has a dot."""
    related = view("containers").related
    assert related is not None
    for name, others in (("api", ("api-2", "my-api")), ("shop.api", ("shop-api", "shop.api.old"))):
        row = rows(context(snapshot(replace(container(1), name=name))))[0]
        kind, text = related(row)
        assert kind == "logs"
        assert parse(text).match({"source": name, "text": "", "level": ""})
        assert not any(parse(text).match({"source": other, "text": "", "level": ""}) for other in others)
