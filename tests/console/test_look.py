"""One look is bounded, whatever the sources do, and asks twice so that rates exist."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from console.clock import Clock
from console.config import Config, PostgresTarget
from console.errors import AGAIN, NotFound, TimedOut, Unreachable
from console.findings import Finding, Severity
from console.history import History
from console.look import GAP, JUDGING, LIMIT, Seen, configured, look
from console.metrics import Sample
from console.sources.base import State
from tests.console.test_collector import Count, Fake, raises, takes
from tests.console.virtual import run


def seen(*sources: Fake, wanted: tuple[str, ...] = ()) -> tuple[dict[str, Seen], float]:
    """What one look shows by source, and how long it took."""

    async def main() -> tuple[dict[str, Seen], float]:
        found = await look(sources, wanted)
        return {one.feed.source.name: one for one in found}, asyncio.get_running_loop().time()

    return run(main())


def test_every_source_is_asked_twice_a_moment_apart_and_closed() -> None:
    quick, slow = Fake(name="quick"), Fake(takes(0.5), "slow")
    found, took = seen(quick, slow)
    assert (quick.times, slow.times, took) == ([0.0, GAP], [0.0, 0.5 + GAP], 1.0 + GAP)
    assert all(len(one.history.since("polls", (), 0)) == 2 for one in found.values())
    assert (quick.closed, slow.closed) == (1, 1)


def test_a_source_that_fails_is_not_asked_again() -> None:
    gone = Fake(raises(Unreachable("gone")))
    found, took = seen(gone)
    assert (len(gone.polls), took) == (1, 0.0)
    assert found["fake"].severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("fix", "told"), [(AGAIN, ""), (f"is it running? {AGAIN}", "is it running?"), ("start it", "start it")]
)
def test_one_look_does_not_promise_another(fix: str, told: str) -> None:
    found, _ = seen(Fake(raises(Unreachable("gone", fix))))
    assert found["fake"].error is not None
    assert found["fake"].error.fix == told
    assert [finding.hint for finding in found["fake"].findings] == [told]


def test_a_source_that_takes_for_ever_is_told_and_holds_up_nobody() -> None:
    frozen, fine = Fake(takes(1e6), "frozen", deadline=60.0), Fake(name="fine")
    frozen.closing = takes(1e6)
    found, took = seen(frozen, fine)
    assert took <= LIMIT + 1.0
    reading = found["frozen"].feed.reading
    assert reading is not None
    assert isinstance(reading.error, TimedOut)
    assert found["frozen"].severity is Severity.CRITICAL
    assert found["fine"].feed.state is State.LIVE


def test_a_first_answer_stands_when_the_second_comes_too_late() -> None:
    found, _ = seen(Fake(takes(2.0), deadline=60.0))
    assert found["fake"].feed.state is State.LIVE
    assert found["fake"].severity is Severity.OK


class Judge(Fake):
    """A source that judges what the others gave, and takes half a second for it."""

    kind = "judge"
    one_look = False

    def attach(self, history: History, clock: Clock) -> None:
        """The figures of all."""
        self.history = history

    def samples(self, snapshot: Count) -> Iterable[Sample]:
        """How many series there were to judge."""
        yield Sample("judged", float(len(list(self.history.find("polls")))))


@pytest.mark.parametrize("seconds", [0.1, 2.0, 1e6])
def test_figures_are_judged_however_long_another_source_takes(seconds: float) -> None:
    """A look at nothing must not stand as if all of it had been judged."""
    slow = Fake(takes(seconds), "slow", deadline=60.0)
    found, took = seen(Fake(name="fine"), slow, Judge(takes(0.5), "rules"))
    ((_, judged),) = found["rules"].history.since("judged", (), 0)
    assert judged >= 1
    assert took <= LIMIT + JUDGING + 1.0


def test_who_judges_too_slowly_says_so() -> None:
    found, _ = seen(Fake(name="fine"), Judge(takes(60.0), "rules", deadline=90.0))
    assert isinstance(found["rules"].error, TimedOut)
    assert found["rules"].severity is Severity.CRITICAL


def test_what_is_not_there_is_wrong_only_where_it_was_wanted() -> None:
    for wanted, severity in (((), Severity.OK), (("fake",), Severity.CRITICAL)):
        found, _ = seen(Fake(raises(NotFound("nothing", "set IT"))), wanted=wanted)
        assert found["fake"].severity is severity


def test_findings_of_a_live_source_decide() -> None:
    source = Fake()
    source.findings = [Finding(Severity.WARNING, "disk", "90 %")]
    found, _ = seen(source)
    assert found["fake"].severity is Severity.WARNING


def test_kinds_with_targets_are_configured() -> None:
    assert configured(Config()) == set()
    assert configured(Config(postgres=(PostgresTarget(),))) == {"postgres"}
