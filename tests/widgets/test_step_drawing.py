"""Steps as lines: how each state reads, what belongs to the step in front, and that nothing overflows."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.findings import Finding, Severity
from console.guides.model import Risk, Step, StepKind
from console.runs.colors import Line as Output
from console.runs.colors import Pen
from console.runs.evidence import Evidence as Answer
from console.runs.run import Evidence, Status, StepState
from widgets.draw import SGR, Line, line_width
from widgets.step_drawing import (
    Steps,
    command_lines,
    details,
    output_spans,
    progress,
    row,
)

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def state(status: Status = Status.WAITING, *, step: dict[str, Any] | None = None, **fields: Any) -> StepState:
    """A step of a shell command in this status."""
    given = {"number": 1, "title": "Look at it", "kind": StepKind.SHELL, "line": 5, "end_line": 6}
    given |= {"command": "uptime"} | (step or {})
    made = StepState(0, Step(**given), status)  # type: ignore[arg-type]
    for name, value in fields.items():
        assert hasattr(made, name)
        setattr(made, name, value)
    return made


def by_hand(
    status: Status = Status.WAITING, *, step: dict[str, Any] | None = None, **fields: Any
) -> StepState:
    """A manual item."""
    return state(status, step={"kind": StepKind.MANUAL, "command": ""} | (step or {}), **fields)


def steps(*states: StepState, usual: float | None = None, answer: Answer | None = None) -> Steps:
    """These steps, with an answer to the first of them."""
    return Steps(
        states,
        NOW,
        {} if answer is None else {0: answer},
        usual=lambda _index: usual,
        resolved=lambda index: states[index].command or states[index].step.command,
    )


def text(line: Line) -> str:
    """A line without its roles."""
    return "".join(part for part, _ in line)


def role_of(line: Line, words: str) -> str:
    """The role of the span with these words."""
    return next(role for part, role in line if words in part)


def ago(seconds: float) -> datetime:
    """A moment before now."""
    return NOW - timedelta(seconds=seconds)


GOOD = Answer("2 of 2 containers running", good=True, source="docker", age=3.0)
BAD = Answer(
    "1 of 2 containers running", False, "docker", 0.5, (Finding(Severity.CRITICAL, "api", "exited"),)
)
NEVER = Answer("no engine", good=False, source="docker", age=float("inf"))


@pytest.mark.parametrize(
    ("given", "mark", "says"),
    [
        (state(), "☐", "read"),
        (state(step={"risk": Risk.DESTRUCTIVE}), "☐", "destructive"),
        (state(step={"background": True}), "☐", "goes on read"),
        (state(step={"interactive": True}), "☐", "terminal read"),
        (state(step={"duration": 300.0}), "☐", "~5m00s read"),
        (by_hand(), "☐", "by hand"),
        (by_hand(step={"kind": StepKind.MANUAL, "command": "", "where": "root@db"}), "☐", "at root@db"),
        (state(Status.OK, duration=4.0, ended=ago(12)), "✔", "ok in 4.0s · 12s ago"),
        (state(Status.OK, duration=4.0, ended=ago(12), before_change=True), "✔", "before change"),
        (state(Status.FAILED, exit_code=3, ended=ago(12)), "✖", "exit 3 · 12s ago"),
        (state(Status.FAILED, signal=9, ended=ago(12)), "✖", "ended by signal 9"),
        (state(Status.SKIPPED, why="no need"), "–", "skipped: no need"),
        (state(Status.UNKNOWN), "?", "unknown: verify"),
        (state(Status.CANCELLED, ended=ago(3)), "■", "cancelled · 3.0s ago"),
        (by_hand(Status.TICKED, value="48", ended=ago(0)), "✔", "48 · now"),
        (by_hand(Status.TICKED, automatic=True, evidence=Evidence(text="fine"), ended=ago(0)), "◉", "fine"),
        (by_hand(regressed=True, why="now: bad"), "▲", "by hand"),
        (state(Status.RUNNING, started=ago(3)), "▶", "running 3.0s"),
        (state(Status.RUNNING, started=ago(90)), "▶", "silent 1m30s"),
    ],
)
def test_a_row_says_how_it_stands(given: StepState, mark: str, says: str) -> None:
    """By a shape of its own and in words."""
    line = row(steps(given), 0, 80)
    assert text(line).startswith(mark)
    assert says in text(line)
    assert line_width(line) == 80


def test_a_running_step_has_a_bar_that_turns_when_it_is_late() -> None:
    """Of the time it usually takes."""
    early = row(steps(state(Status.RUNNING, started=ago(4), last_output=ago(0)), usual=8.0), 0, 80)
    assert "4.0s of 8.0s" in text(early)
    assert role_of(early, "━") == "accent"
    late = row(steps(state(Status.RUNNING, started=ago(20), last_output=ago(0)), usual=8.0), 0, 80)
    assert role_of(late, "━") == "warn"


@pytest.mark.parametrize(
    ("answer", "role", "mark"), [(GOOD, "text", "●"), (BAD, "warn", "▲"), (NEVER, "dim", "○")]
)
def test_an_answer_of_the_panes_stands_beside_the_item(answer: Answer, role: str, mark: str) -> None:
    """With its age; what nobody has ever seen is no alarm."""
    shown = steps(by_hand(), answer=answer)
    assert role_of(row(shown, 0, 80), answer.text) == role
    below = [text(line).strip() for line in details(shown, 0, 80, 0)]
    assert any(line.startswith(mark) and answer.text in line for line in below)
    assert ("api: exited" in below) is bool(answer.findings)


TITLES = ["short", "a title that is quite a bit longer than the room there is " * 3, "漢字" * 60]


@pytest.mark.parametrize("cells", [20, 31, 40, 58, 80, 200])
@pytest.mark.parametrize("title", TITLES)
def test_rows_are_exactly_as_wide_as_the_room(cells: int, title: str) -> None:
    """Whatever stands in them; how the step stands is never crowded out."""
    for given in (
        state(step={"title": title}),
        state(Status.FAILED, step={"title": title}, exit_code=3, ended=ago(12)),
        by_hand(step={"kind": StepKind.MANUAL, "command": "", "title": title}),
    ):
        line = row(steps(given, answer=BAD), 0, cells)
        assert line_width(line) == cells
    failed = state(Status.FAILED, step={"title": title}, exit_code=3)
    assert "exit 3" in text(row(steps(failed), 0, max(cells, 31)))


def test_the_details_of_a_step_are_all_there() -> None:
    """Note, command, sample, history, measures and output, in this order."""
    given = state(
        Status.FAILED,
        step={"note": "Only at night.", "expected": "load average", "offered": "ssh db uptime"},
        why="no such host",
        note="asked ben",
        left=("sleep (77)",),
        exit_code=1,
        command="uptime -p",
        lines=deque([Output(f"line {n}") for n in range(30)]),
        measures={"before": {"cpu": 0.1}, "at": {"cpu": 0.5}, "after": {"cpu": 0.2, "sessions": 4}},
    )
    found = [text(line).strip() for line in details(steps(given), 0, 80, 6)]
    order = [
        "Only at night.", "$ uptime -p", "edited: not as the guide has it",
        "in the guide, not run from here:", "ssh db uptime", "expected:",
        "no such host", "note: asked ben", "goes on running: sleep (77)",
        "30s before → at → 60s after", "┆ 25 lines above: o shows all", "│ line 25", "│ line 29",
    ]  # fmt: skip
    places = [next(i for i, line in enumerate(found) if line.startswith(words)) for words in order]
    assert places == sorted(places)
    assert any("cpu 10% → 50% → 20%" in line and "sessions - → - → 4" in line for line in found)


def test_whole_details_cut_nothing() -> None:
    """A note of forty lines is there to its end."""
    given = state(step={"note": "\n".join(f"note {n}" for n in range(40))})
    assert any("more lines" in text(line) for line in details(steps(given), 0, 80, 0))
    whole = [text(line).strip() for line in details(steps(given), 0, 80, 0, whole=True)]
    assert "note 39" in whole


def test_commands_keep_their_lines_and_show_what_cannot_be_seen() -> None:
    """A control character in a command is a visible stand-in."""
    lines = [text(line) for line in command_lines("if true; then\n\techo x\x1b[2Jy\nfi\n", 40)]
    assert len(lines) == 3
    assert lines[1].startswith("      echo x")
    assert all("\x1b" not in line for line in lines)
    assert len(command_lines("x" * 100, 40)) == 3


def test_output_has_its_own_colours_and_nothing_else() -> None:
    """As roles that hold a style."""
    spans = output_spans(Pen().line("\x1b[31mred\x1b[0m plain \x1b[1;32mgreen"))
    assert spans == (("red", f"{SGR}red"), (" plain ", "text"), ("green", f"{SGR}bold green"))
    assert output_spans(Output("")) == (("", "text"),)


@pytest.mark.parametrize(
    ("statuses", "says"),
    [([Status.WAITING], "0/1"), ([Status.OK, Status.TICKED, Status.SKIPPED], "3/3"),
     ([Status.FAILED, Status.UNKNOWN, Status.OK], "1/3, 2 failed")],
)  # fmt: skip
def test_progress_counts_what_is_done(statuses: list[Status], says: str) -> None:
    """And what is not well."""
    assert progress([state(status) for status in statuses]) == says


def test_every_status_has_a_mark() -> None:
    """None is forgotten when one is added."""
    make: Callable[[Status], StepState] = state
    assert {text(row(steps(make(status)), 0, 40))[0] for status in Status} == set("☐▶✔✖–?■")


def test_a_tick_against_what_the_pane_says_is_told() -> None:
    """With its reason, and never as a plain good one."""
    kept = Evidence(text="waiting for locks 3", good=False)
    line = row(steps(by_hand(Status.TICKED, evidence=kept, note="a planned migration", ended=ago(3))), 0, 80)
    assert "in spite of the pane: a planned migration" in text(line)
    assert role_of(line, "in spite") == "warn"
