"""Panes in every state: what is wrong, since when, why, and what mends it, at any size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import NotFound, Refused, SourceError, TimedOut, Unreachable
from console.findings import Finding, Severity
from tests.widgets.fakes import ROWS, FakePane, FakeSnapshot, context_of
from tests.widgets.texts import spans
from widgets.draw import Line, Span, line_width
from widgets.pane import Context, wrong_lines
from widgets.pane_drawing import draw_absence, draw_pane, draw_unfound, frame, rule, title_spans

GOOD = FakeSnapshot(rows=ROWS)
BAD = (
    Finding(Severity.CRITICAL, "api-3", "exit 137"),
    Finding(Severity.CRITICAL, "api-4", "exit 137"),
    Finding(Severity.WARNING, "/var", "91% used"),
)
PANE = FakePane("fake")


def plain(lines: Sequence[Line]) -> list[str]:
    """The text of the lines."""
    return ["".join(text for text, _ in line) for line in lines]


def body(context: Context, width: int = 60, height: int = 12) -> str:
    """What stands in the pane's frame."""
    return "\n".join(plain(draw_pane(PANE, context, width, height)))


def title(context: Context, others: int = 0, hidden: Severity = Severity.OK) -> str:
    """The title line."""
    return plain([tuple(title_spans(PANE, context, 3, others, hidden))])[0]


def test_connecting_says_to_what() -> None:
    """Before the first reading."""
    context = context_of(read=False)
    assert title(context) == "3 Fake  connecting"
    assert body(context) == "connecting to fake.example:1 …"


def test_live_counts_the_worst_before_the_headline() -> None:
    """Where the title is cut, the headline goes."""
    assert title(context_of(GOOD)) == "3 Fake  12 rows"
    assert title(context_of(GOOD, findings=BAD)) == "3 Fake  ✖ 2  12 rows"
    assert title(context_of(GOOD, findings=BAD[2:])) == "3 Fake  ▲ 1  12 rows"


@pytest.mark.parametrize("error", [Unreachable("connection refused", "start it"), TimedOut("no answer")])
def test_stale_keeps_the_values_and_says_since_when(error: SourceError) -> None:
    """Old, how old, and why."""
    context = context_of(GOOD, error, BAD, age=75)
    assert title(context) == "3 Fake  ✖ stale  12 rows"
    assert context.feed.good is not None
    context.feed.failing_since = context.feed.good.time + timedelta(seconds=6)  # later
    first, *rest = body(context).split("\n")
    true = context.feed.good.time.astimezone()
    assert first.startswith(f"✖ stale since {true:%H:%M:%S} (1m15s old) "), "both of the same moment"
    assert str(error) in body(context).replace("\n", " ").replace("  ", " ")
    assert any("api-0" in line for line in rest)


def test_refused_after_it_answered_keeps_the_values_too() -> None:
    """With the fix."""
    context = context_of(GOOD, Refused("password needed", "set REDIS_URL"), age=5)
    assert title(context).startswith("3 Fake  ✖ refused")
    assert "password needed: set REDIS_URL" in body(context)


def test_refused_at_first_says_the_reason_and_the_fix() -> None:
    """And when it is tried again."""
    context = context_of(error=Refused("password needed", "set REDIS_URL=redis://:PASSWORD@host"))
    assert title(context) == "3 Fake  ✖ refused"
    assert body(context, 30).split("\n") == [
        "✖ refused  fake.example:1",
        "password needed",
        "fix  set",
        "     REDIS_URL=redis://:PASSWO",
        "     RD@host",
        "tried again in 3.0s",
    ]


def test_not_found_says_how_to_configure_it() -> None:
    """Calmly: a host without a cache is not broken."""

    class Configurable(FakePane):
        def settings(self) -> Mapping[str, str]:
            """Two ways."""
            return {"environment": "FAKE_URL=...", "configuration": '[[fake]]\nurl = "..."'}

    context = context_of(error=NotFound("no server on the usual ports", "set FAKE_URL"))
    assert title(context) == "3 Fake  not found"
    assert not any(role == "crit" for _, role in title_spans(PANE, context, 3))
    assert plain(draw_pane(Configurable("fake"), context, 60, 20)) == [
        "no server on the usual ports",
        "zoom this pane to see how it is configured",
    ]
    assert plain(draw_absence(Configurable("fake"), context, 60)) == [
        "not found  no server on the usual ports",
        "set FAKE_URL",
        "",
        "environment  FAKE_URL=...",
        "",
        "configuration  [[fake]]",
        '               url = "..."',
    ]
    assert "no source of this kind was found" in plain(draw_unfound(Configurable("fake"), 60))[0]


def test_a_limited_view_says_what_is_missing() -> None:
    """In the title too, for panes without room."""
    context = context_of(FakeSnapshot(rows=ROWS, limited=("other users' queries: GRANT pg_monitor",)))
    assert title(context) == "3 Fake  limited  12 rows"
    assert body(context).startswith("limited view: other users' queries: GRANT pg_monitor")
    assert not body(context, height=3).startswith("limited")


def test_further_sources_are_counted_with_their_worst_state() -> None:
    """What the pane does not show is not hidden."""
    assert title(context_of(GOOD), 2) == "3 Fake one@fake (+2)  12 rows"
    assert title(context_of(GOOD), 2, Severity.CRITICAL) == "3 Fake one@fake (+2 ✖)  12 rows"


class Broken(FakePane):
    """Fails in everything."""

    def headline(self, context: Context) -> Sequence[Span]:
        """Fails."""
        raise ZeroDivisionError("headline")

    def body(self, context: Context, width: int, height: int) -> Sequence[Line]:
        """Fails."""
        raise KeyError("\x1b[2Jbody")


def test_a_pane_that_fails_keeps_its_title_and_says_why() -> None:
    """Its state is still told."""
    context = context_of(GOOD, findings=BAD)
    pane = Broken("broken")
    assert plain([tuple(title_spans(pane, context, 3))]) == ["3 Broken  ✖ 2  ✖ ZeroDivisionError: headline"]
    lines = plain(draw_pane(pane, context, 50, 5))
    assert lines[0].startswith("✖ this pane failed to draw: KeyError:")
    assert "\x1b" not in "".join(lines)


contexts = st.sampled_from(
    [
        context_of(read=False),
        context_of(GOOD),
        context_of(GOOD, findings=BAD),
        context_of(GOOD, Unreachable("gone " * 30, "start " * 30), BAD, age=9),
        context_of(error=Refused("no " * 50, "fix " * 50)),
        context_of(error=NotFound("nothing " * 20, "set " * 30)),
    ]
)


@given(contexts, st.integers(6, 120), st.integers(1, 30), st.booleans(), st.integers(0, 3))
def test_an_outlined_pane_takes_exactly_its_room(
    context: Context, width: int, height: int, focused: bool, others: int
) -> None:
    """In every state; the number of the pane and its worst state stand in the first line."""
    shown = title_spans(PANE, context, 3, others)
    for outline, inner, lines_left in ((frame, width - 4, height - 2), (rule, width, height - 1)):
        if outline is frame and height < 2:
            continue
        lines = draw_pane(PANE, context, inner, lines_left) if lines_left > 0 else []
        assert len(lines) <= max(0, lines_left)
        drawn = outline(shown, lines, width, height, focused)
        assert len(drawn) == height
        assert all(line_width(line) == width for line in drawn)
        assert "3" in plain(drawn)[0] or width < 8


@given(spans, st.lists(spans.map(tuple), max_size=9), st.integers(6, 60), st.integers(2, 12), st.booleans())
def test_outlines_hold_any_text(
    shown: list[Span], lines: list[Line], width: int, height: int, focused: bool
) -> None:
    """Wide and combining characters move no border."""
    for outline in (frame, rule):
        drawn = outline(shown, lines, width, height, focused)
        assert [line_width(line) for line in drawn] == [width] * height


def test_focus_is_told_by_shape() -> None:
    """Not by colour alone."""
    for outline in (frame, rule):
        assert plain(outline([], [], 20, 4, True)) != plain(outline([], [], 20, 4, False))


@given(st.lists(st.sampled_from(BAD), max_size=9), st.integers(1, 9))
def test_findings_that_do_not_fit_are_counted(findings: list[Finding], height: int) -> None:
    """Behind the last one."""
    lines = plain(wrong_lines(findings, 60, height))
    assert len(lines) == min(len(findings), height)
    if len(findings) > height:
        assert lines[-1].endswith(f"  +{len(findings) - height} more")
