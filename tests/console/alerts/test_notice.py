"""When the terminal rings: once for an alert, not for what is handled, and not too often."""

from __future__ import annotations

from dataclasses import replace

from console.alerts.model import Alert, AlertState
from console.alerts.notice import EVERY, FLAPPED, Notices
from console.findings import Severity


def alert(name: str, severity: Severity = Severity.WARNING, state: AlertState = AlertState.FIRING) -> Alert:
    """An alert of this name."""
    return Alert(rule=name, state=state, severity=severity, labels=(), summary=f"{name} is bad")


def test_each_is_told_once_with_what_it_says() -> None:
    """As long as it fires."""
    notices = Notices()
    assert notices.look([], 0) == ""
    assert notices.look([alert("A", state=AlertState.PENDING)], 1) == ""
    assert notices.look([alert("A")], 2) == "firing: A: A is bad"
    assert [notices.look([alert("A")], 2 + seconds) for seconds in (1, 100, 10_000)] == ["", "", ""]


def test_it_is_told_again_when_it_comes_again() -> None:
    """Unless it flaps: then once an hour."""
    notices = Notices()
    assert notices.look([alert("A")], 0)
    assert notices.look([], 20) == ""
    assert notices.look([alert("A")], 40)
    assert notices.look([], 60) == ""
    flapping = replace(alert("A"), changes=3)
    assert notices.look([flapping], 80) == ""
    notices.look([], 100)
    assert notices.look([], 80 + FLAPPED) == ""
    assert notices.look([flapping], 81 + FLAPPED)


def test_many_at_once_are_one_notice_and_the_next_waits() -> None:
    """At most one in ten seconds, with how many there are, the worst first."""
    notices = Notices()
    four = [alert("A"), alert("B"), alert("C", Severity.CRITICAL), alert("D")]
    assert notices.look(four, 0) == "4 alerts are firing: C, A, B and 1 more"
    assert notices.look([*four, alert("E")], EVERY - 1) == ""
    assert notices.look([*four, alert("E")], EVERY) == "firing: E: E is bad", "it was not forgotten"
    assert notices.look([*four, alert("F")], EVERY + 1) == ""
    assert notices.look(four, 3 * EVERY) == "", "it ended before it could be told"


def test_what_is_handled_makes_no_noise() -> None:
    """Until it is not handled any more."""
    notices = Notices()
    known = replace(alert("A"), acknowledged="ana")
    assert notices.look([known], 0) == ""
    assert notices.look([alert("A")], 1)


def test_what_it_says_is_clean() -> None:
    """Whatever a rule's annotation has in it."""
    evil = replace(alert("A\x1b[2J"), summary="\x07\x9c\x1b\\" + "x" * 1000)
    said = Notices().look([evil], 0)
    assert said.isprintable()
    assert len(said) <= 200
