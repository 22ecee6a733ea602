"""The collector's rules, in virtual time: cadence, overlap, deadline, back-off, states, stopping."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from console.collector import BACKOFF_CAP, CLOSE_LIMIT, STOP_LIMIT, Collector, Feed
from console.config import Config
from console.errors import NotFound, Refused, SourceError, TimedOut, Unreachable
from console.findings import Finding, Severity
from console.metrics import Sample, labels
from console.sources.base import Focus, Snapshot, State
from tests.console.virtual import START, clock, run

Behaviour = Callable[[int], Awaitable[None]]
"""What a poll does, by its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count(Snapshot):
    """How many polls there were."""

    number: int


async def at_once(number: int) -> None:
    """A poll that takes no time."""


def takes(seconds: float) -> Behaviour:
    """A poll that takes so long."""
    return lambda number: asyncio.sleep(seconds)


def raises(*errors: BaseException | None) -> Behaviour:
    """Polls that fail in this order, and the last way for ever."""

    async def poll(number: int) -> None:
        if (error := errors[min(number, len(errors)) - 1]) is not None:
            raise error

    return poll


class Fake:
    """A source that notes when it was polled, and how closely it was looked at."""

    kind = "fake"
    target = "nowhere"
    cadence: Mapping[Focus, float] = {Focus.HIDDEN: 5.0, Focus.GLANCE: 1.0, Focus.FULL: 0.5}

    def __init__(self, behaviour: Behaviour = at_once, name: str = "fake", deadline: float = 2.0) -> None:
        self.behaviour = behaviour
        self.name = name
        self.deadline = deadline
        self.polls: list[tuple[float, Focus]] = []
        self.running = self.most = self.closed = 0
        self.findings: Sequence[Finding] = ()
        self.closing: Behaviour = at_once

    @classmethod
    def discover(cls, config: Config, env: Mapping[str, str]) -> Sequence[Fake]:
        """Unused."""
        return [cls()]

    @property
    def times(self) -> list[float]:
        """When it was polled."""
        return [round(time, 6) for time, _ in self.polls]

    async def poll(self, focus: Focus) -> Count:
        """Note it and behave."""
        self.polls.append((asyncio.get_running_loop().time(), focus))
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.behaviour(len(self.polls))
        finally:
            self.running -= 1
        return Count(number=len(self.polls))

    def samples(self, snapshot: Count) -> Iterable[Sample]:
        """One number."""
        yield Sample("polls", snapshot.number)

    def judge(self, snapshot: Count) -> Sequence[Finding]:
        """As told."""
        return self.findings

    async def close(self) -> None:
        """Note it."""
        self.closed += 1
        await self.closing(self.closed)


def watch(*sources: Fake, seconds: float, focus: Focus = Focus.GLANCE, interval: float = 1.0) -> Collector:
    """The collector after so many seconds of polling."""

    async def main() -> Collector:
        collector = Collector(sources, clock=clock(), interval=interval)
        for source in sources:
            collector.look(source.name, focus)
        collector.start()
        await asyncio.sleep(seconds)
        await collector.stop()
        return collector

    return run(main())


# -- cadence


@pytest.mark.parametrize(("focus", "period"), [(Focus.HIDDEN, 5.0), (Focus.GLANCE, 1.0), (Focus.FULL, 0.5)])
def test_the_cadence_is_kept_without_drift_however_long_a_poll_takes(focus: Focus, period: float) -> None:
    source = Fake(takes(0.3))
    watch(source, seconds=100.1, focus=focus)
    assert source.times == [round(period * n, 6) for n in range(int(100.1 / period) + 1)]
    assert {focus for _, focus in source.polls} == {focus}


def test_the_interval_stretches_every_cadence() -> None:
    source = Fake()
    watch(source, seconds=10.1, interval=2.5)
    assert source.times == [0, 2.5, 5, 7.5, 10]


def test_polls_longer_than_their_period_never_overlap_and_are_dropped() -> None:
    source = Fake(takes(1.7))
    watch(source, seconds=10)
    assert source.most == 1
    assert source.times == [0, 3, 6, 9]


def test_no_source_waits_for_another() -> None:
    slow, quick = Fake(takes(60), "slow", deadline=50), Fake(name="quick")
    watch(slow, quick, seconds=20.1)
    assert quick.times == [float(n) for n in range(21)]


def test_all_sources_are_asked_on_the_same_beat_however_long_their_first_polls_take() -> None:
    late = Fake(lambda number: asyncio.sleep(1.4 if number == 1 else 0.1), "late")
    early = Fake(name="early")
    watch(late, early, seconds=6.1)
    assert late.times == [0, 2, 3, 4, 5, 6]
    assert set(late.times) < set(early.times)


def test_looking_closer_polls_at_once_and_looking_away_does_not() -> None:
    async def main() -> list[tuple[float, Focus]]:
        source = Fake()
        collector = Collector([source], clock=clock())
        collector.start()
        await asyncio.sleep(2)
        collector.look("fake", Focus.GLANCE)
        await asyncio.sleep(1.5)
        collector.look("fake", Focus.HIDDEN)
        await asyncio.sleep(10)
        assert collector.focus("fake") is Focus.HIDDEN
        await collector.stop()
        return source.polls

    polls = run(main())
    assert polls[:3] == [(0.0, Focus.HIDDEN), (2.0, Focus.GLANCE), (3.0, Focus.GLANCE)]
    assert [time for time, _ in polls[3:]] == [4.0, 10.0]


def test_looking_closer_during_a_poll_is_not_forgotten() -> None:
    async def main() -> list[tuple[float, Focus]]:
        source = Fake(takes(0.5))
        collector = Collector([source], clock=clock())
        collector.start()
        await asyncio.sleep(0.2)
        collector.look("fake", Focus.FULL)
        await asyncio.sleep(0.6)
        await collector.stop()
        return source.polls

    assert run(main()) == [(0.0, Focus.HIDDEN), (0.5, Focus.FULL)]


# -- failing


def test_a_failing_source_is_asked_less_and_less_but_never_more_than_the_cap_apart() -> None:
    source = Fake(raises(Unreachable("gone")))
    collector = watch(source, seconds=120)
    gaps = [later - earlier for earlier, later in itertools.pairwise(source.times)]
    assert 0.8 <= gaps[0] <= 1.0
    assert max(gaps) <= BACKOFF_CAP
    assert min(gaps[5:]) >= BACKOFF_CAP * 0.8
    assert len(set(gaps[5:])) > 5, "the gaps are jittered"
    assert source.times[-1] <= collector.feeds["fake"].next_try


def test_a_source_that_fails_for_a_day_is_still_asked() -> None:
    source = Fake(raises(Unreachable("gone")))
    watch(source, seconds=86_400)
    assert source.times[-1] > 86_400 - BACKOFF_CAP


def test_after_recovery_the_cadence_is_back() -> None:
    source = Fake(raises(*[Unreachable("gone")] * 4, None))
    collector = watch(source, seconds=30)
    after = source.times[4:]
    gaps = [round(later - earlier, 6) for earlier, later in itertools.pairwise(after)]
    assert 0.5 <= gaps[0] <= 1.5
    assert set(gaps[1:]) == {1.0}
    assert collector.feeds["fake"].state is State.LIVE
    assert collector.feeds["fake"].failing_since is None


def test_a_refresh_asks_failing_sources_too() -> None:
    async def main() -> list[float]:
        source = Fake(raises(Unreachable("gone")))
        collector = Collector([source], clock=clock())
        collector.start()
        await asyncio.sleep(0.1)
        collector.refresh()
        await asyncio.sleep(0.1)
        await collector.stop()
        return source.times

    assert run(main()) == [0.0, 0.1]


def test_a_source_that_cannot_hurry_keeps_nobody_from_being_asked() -> None:
    class Clumsy(Fake):
        def hurry(self) -> None:
            raise RuntimeError("not now")

    async def main() -> list[list[float]]:
        sources = [Clumsy(name="clumsy"), Fake(name="next")]
        collector = Collector(sources, clock=clock())
        collector.start()
        await asyncio.sleep(0.1)
        collector.refresh()
        await asyncio.sleep(0.1)
        await collector.stop()
        return [source.times for source in sources]

    assert run(main()) == [[0.0, 0.1], [0.0, 0.1]]


def test_a_source_without_an_answer_is_timed_out_at_its_deadline() -> None:
    source = Fake(takes(1e6), deadline=2.0)
    collector = watch(source, seconds=2.1)
    reading = collector.feeds["fake"].reading
    assert reading is not None
    assert isinstance(reading.error, TimedOut)
    assert reading.duration == 2.0
    assert reading.snapshot is None


@pytest.mark.parametrize("where", ["poll", "judge", "samples"])
def test_a_defect_in_a_source_is_a_reading_and_the_others_go_on(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, fine = Fake(name="broken"), Fake(name="fine")
    broken.findings = [Finding(Severity.WARNING, "x", "seen before the defect")]

    def defect(snapshot: Snapshot) -> Iterable[Sample]:
        yield Sample("half", 1.0)
        raise KeyError("a\x1b[2Jdefect")

    if where == "poll":
        broken.behaviour = raises(KeyError("a\x1b[2Jdefect"))
    else:
        monkeypatch.setattr(broken, where, defect)
    collector = watch(broken, fine, seconds=10.1)
    reading = collector.feeds["broken"].reading
    assert reading is not None
    assert type(reading.error) is SourceError
    assert str(reading.error) == "KeyError: 'a\\x1b[2Jdefect'"
    assert (reading.snapshot, reading.findings) == (None, ())
    assert len(broken.polls) > 3
    assert len(fine.polls) == 11
    assert list(collector.history.find("half")) == []


def test_a_cancellation_from_within_a_source_does_not_end_its_polling() -> None:
    source = Fake(raises(asyncio.CancelledError(), None))
    collector = watch(source, seconds=10)
    assert len(source.polls) > 5
    assert collector.feeds["fake"].state is State.LIVE


# -- states, findings, history


def states(*errors: BaseException | None) -> list[State]:
    """The states a feed goes through when polls end so."""
    seen: list[State] = []

    async def main() -> None:
        collector = Collector([Fake(raises(*errors))], clock=clock())
        seen.append(collector.feeds["fake"].state)
        collector.listen(lambda feed: seen.append(feed.state))
        for _ in errors:
            await collector.once()

    run(main())
    return seen


def test_states() -> None:
    missing, no, gone, late = NotFound("a"), Refused("b"), Unreachable("c"), TimedOut("d")
    assert states(None, gone, None) == [State.CONNECTING, State.LIVE, State.STALE, State.LIVE]
    assert states(missing, None, missing) == [State.CONNECTING, State.NOT_FOUND, State.LIVE, State.STALE]
    assert states(no, late, gone) == [State.CONNECTING, State.REFUSED, State.STALE, State.STALE]


def test_a_failing_source_is_critical_and_keeps_what_it_showed_last() -> None:
    async def main() -> Feed:
        source = Fake(raises(None, Unreachable("gone", "start it")))
        small = Finding(Severity.WARNING, "disk", "90 %")
        large = Finding(Severity.CRITICAL, "disk", "99 %")
        source.findings = [small, large]
        collector = Collector([source], clock=clock())
        await collector.once()
        assert collector.feeds["fake"].findings == (large, small)
        await asyncio.sleep(3)
        await collector.once()
        await asyncio.sleep(3)
        await collector.once()
        return collector.feeds["fake"]

    feed = run(main())
    assert [(f.severity, f.text) for f in feed.findings] == [
        (Severity.CRITICAL, "gone"),
        (Severity.CRITICAL, "99 %"),
        (Severity.WARNING, "90 %"),
    ]
    assert feed.snapshot == Count(number=1)
    assert feed.failing_since is not None
    assert (feed.failing_since - START).total_seconds() == 3


def test_what_was_never_there_is_no_finding() -> None:
    async def main() -> Feed:
        collector = Collector([Fake(raises(NotFound("nothing")))], clock=clock())
        assert collector.feeds["fake"].findings == ()
        await collector.once()
        return collector.feeds["fake"]

    feed = run(main())
    assert (feed.findings, feed.snapshot) == ((), None)


def test_what_was_never_there_is_not_down_and_what_is_gone_is() -> None:
    """A rule on `up == 0` must not fire for a server that this host never had."""
    own = labels(job="fake", source="fake")
    never = watch(Fake(raises(NotFound("nothing"))), seconds=3)
    assert list(never.history.since("up", own, 0)) == []
    gone = watch(Fake(raises(None, NotFound("gone"))), seconds=3)
    assert [value for _, value in gone.history.since("up", own, 0)][:2] == [1.0, 0.0]


def test_readings_go_into_the_history_with_up_and_duration() -> None:
    source = Fake(raises(None, Unreachable("gone"), None))
    collector = watch(source, seconds=3)
    own = labels(job="fake", source="fake")
    assert [value for _, value in collector.history.since("up", own, 0)][:3] == [1.0, 0.0, 1.0]
    assert len(collector.history.since("scrape_duration_seconds", own, 0)) == len(source.polls)
    assert [value for _, value in collector.history.since("polls", (), 0)][:2] == [1.0, 3.0]


def test_listeners_hear_every_reading_after_it_is_recorded() -> None:
    async def main() -> list[int]:
        heard: list[int] = []
        collector = Collector([Fake()], clock=clock())
        collector.listen(lambda feed: heard.append(feed.snapshot.number))
        collector.start()
        await asyncio.sleep(10.1)
        await collector.stop()
        return heard

    assert run(main()) == [1, 2, 3]


# -- clocks


@pytest.mark.parametrize("step", [3600, -3600, 86400, -86400])
def test_a_wall_clock_that_is_set_changes_no_cadence_and_hides_nothing(step: int) -> None:
    """F12."""

    async def main() -> tuple[list[float], list[State], list[float]]:
        well, failing = Fake(name="well"), Fake(raises(Unreachable("gone")), "failing")
        well.findings = [Finding(Severity.CRITICAL, "disk", "full")]
        steady = clock()
        collector = Collector([well, failing], clock=steady)
        states: list[State] = []

        def look(feed: Feed) -> None:
            states.append(feed.state)
            assert feed.findings

        for source in (well, failing):
            collector.look(source.name, Focus.GLANCE)
        collector.listen(look)
        collector.start()
        await asyncio.sleep(5.5)
        wall = steady.now
        setattr(steady, "now", lambda: wall() + timedelta(seconds=step))  # noqa: B010 a method is replaced
        await asyncio.sleep(5.0)
        points = collector.history.since("up", labels(job="fake", source="well"), 0)
        await collector.stop()
        return well.times, states, [time for time, _ in points]

    times, states, points = run(main())
    assert times == [float(n) for n in range(11)]
    assert set(states) == {State.LIVE, State.STALE}
    assert points == sorted(points) == times


# -- once, stopping, names


def test_once_asks_all_side_by_side() -> None:
    async def main() -> float:
        sources = [Fake(takes(1.0), str(n)) for n in range(5)]
        collector = Collector(sources, clock=clock())
        readings = await collector.once(Focus.FULL)
        assert [reading.source for reading in readings] == ["0", "1", "2", "3", "4"]
        assert all(source.polls[0][1] is Focus.FULL for source in sources)
        return asyncio.get_running_loop().time()

    assert run(main()) == 1.0


def test_stopping_ends_polls_under_way_and_closes_every_source_once() -> None:
    hanging, fine = Fake(takes(1e6), "hanging", deadline=1e6), Fake(name="fine")
    watch(hanging, fine, seconds=3)  # which sees to it that no task is left
    assert (hanging.running, hanging.closed, fine.closed) == (0, 1, 1)


def test_a_source_that_hangs_or_fails_on_closing_holds_up_nobody() -> None:
    async def main() -> float:
        hangs, fails, fine = Fake(name="hangs"), Fake(name="fails"), Fake(name="fine")
        hangs.closing, fails.closing = takes(1e6), raises(OSError("no"))
        collector = Collector([hangs, fails, fine], clock=clock())
        collector.start()
        await asyncio.sleep(1)
        began = asyncio.get_running_loop().time()
        await collector.stop()
        await collector.stop()
        assert fine.closed == 2
        return asyncio.get_running_loop().time() - began

    assert run(main()) == 2 * CLOSE_LIMIT


@pytest.mark.parametrize(("longer", "limit"), [(0.0, 0.0), (0.5, 0.5), (1e6, STOP_LIMIT)])
def test_stopping_ends_a_poll_whose_driver_swallows_the_cancellation(longer: float, limit: float) -> None:
    async def deaf(number: int) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(1e6)
        await asyncio.sleep(longer)

    async def main() -> float:
        source = Fake(deaf, deadline=1e7)
        collector = Collector([source], clock=clock())
        collector.start()
        await asyncio.sleep(3)
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(100):
            await collector.stop()
        took = asyncio.get_running_loop().time() - began
        assert source.closed == 1
        await asyncio.sleep(100)
        assert len(source.polls) == 1
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()  # the deaf one
        await asyncio.sleep(0)
        return took

    assert run(main()) == limit


def test_two_sources_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two sources are named 'fake'"):
        Collector([Fake(), Fake()])


async def test_a_listener_that_fails_does_not_end_the_asking() -> None:
    source = Fake(name="one")
    collector = Collector([source])
    heard: list[str] = []
    failed: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context["message"]))

    def listener(feed: Feed) -> None:
        heard.append(feed.source.name)
        raise RuntimeError("a defect")

    collector.listen(listener)
    await collector.once()
    await collector.once()
    assert heard == ["one", "one"]
    assert failed == ["a listener of one failed"] * 2
