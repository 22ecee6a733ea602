"""How probes are asked: each on its own, within its time, whatever the others do."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
import pickle
from collections.abc import AsyncIterator, Callable
from datetime import datetime

import pytest

from console.collector import Collector
from console.config import Config
from console.findings import Severity
from console.history import History
from console.look import look
from console.metrics import STALE, Sample, is_stale, labels
from console.probe_settings import HttpSettings, Probes, ProbeSettings
from console.sources.base import Focus
from console.sources.health.kinds import KINDS, configured_probes
from console.sources.health.model import HealthSnapshot, ProbeStatus
from console.sources.health.probe import Outcome
from console.sources.health.source import AT_ONCE, HealthSource
from console.sources.health.watch import REPEAT, Watch, quantile
from console.summary import summary
from tests.patience import PATIENCE
from tests.widgets.fakes import StillClock

OK, CRITICAL = Severity.OK, Severity.CRITICAL


class Spoken:
    """A probe that says what a test wants, and remembers how it was asked."""

    kind = "spoken"

    def __init__(self, name: str, *, interval: float = 0.02, timeout: float = 5.0) -> None:
        self.name = self.target = name
        self.labels = labels(instance=name, job=name)
        self.interval, self.timeout = interval, timeout
        self.says: Outcome | Exception = Outcome(severity=OK, text="fine")
        self.silent = False
        self.times = 0
        self.now = self.most = 0
        self.ended = 0

    async def ask(self, now: datetime) -> Outcome:
        """What it was told to say, or nothing ever."""
        self.times += 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            if self.silent:
                await asyncio.Event().wait()
            await asyncio.sleep(0)
        finally:
            self.now -= 1
            self.ended += 1
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


async def until(source: HealthSource, name: str, so: Callable[[ProbeStatus], bool]) -> ProbeStatus:
    """The status of a probe once it is so."""
    async with asyncio.timeout(PATIENCE):
        while True:
            snapshot = await source.poll(Focus.GLANCE)
            status = next(probe for probe in snapshot.probes if probe.name == name)
            if so(status):
                return status
            await asyncio.sleep(0.01)


async def seen(source: HealthSource, name: str, wanted: int = 1) -> ProbeStatus:
    """The status of a probe once it was asked to the end so often."""
    return await until(source, name, lambda status: status.asked_times >= wanted)


@pytest.fixture
async def closing() -> AsyncIterator[list[HealthSource]]:
    """Sources that are closed in the end; nothing of them goes on."""
    sources: list[HealthSource] = []
    yield sources
    for source in sources:
        await source.close()
        await source.close()
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("probe ")]


async def test_a_silent_probe_holds_up_nobody(closing: list[HealthSource]) -> None:
    quick, silent = Spoken("quick"), Spoken("silent", timeout=60.0)
    silent.silent = True
    closing.append(source := HealthSource([silent, quick]))
    assert (await seen(source, "quick", 5)).severity is OK
    snapshot = await source.poll(Focus.GLANCE)
    assert silent.times == 1, "never asked twice at once"
    assert snapshot.probes[0].outcome is None
    assert snapshot.probes[0].waiting_at is not None
    (finding,) = source.judge(snapshot)
    assert (finding.severity, finding.subject) == (Severity.WARNING, "silent")
    assert finding.text.startswith("no answer yet after 2.4")


async def test_it_is_ended_by_its_timeout(closing: list[HealthSource]) -> None:
    silent = Spoken("silent", timeout=0.05)
    silent.silent = True
    closing.append(source := HealthSource([silent]))
    status = await seen(source, "silent", 3)
    assert (status.severity, status.text) == (CRITICAL, "no answer within 0.05 s")
    assert (status.failed_times, silent.most) == (status.asked_times, 1)


async def test_closing_ends_a_probe_whose_driver_swallows_the_cancellation() -> None:
    class Deaf(Spoken):
        async def ask(self, now: datetime) -> Outcome:
            with contextlib.suppress(asyncio.CancelledError):
                await super().ask(now)
            return self.says if isinstance(self.says, Outcome) else Outcome(severity=CRITICAL, text="")

    deaf = Deaf("deaf", interval=3600.0, timeout=3600.0)
    deaf.silent = True
    source = HealthSource([deaf])
    await source.poll(Focus.FULL)
    async with asyncio.timeout(PATIENCE):
        while not deaf.now:  # noqa: ASYNC110 it is asked at some moment within the first second
            await asyncio.sleep(0.01)
        await source.close()
    assert deaf.times == 1


async def test_they_are_asked_at_once_when_somebody_wants_it(closing: list[HealthSource]) -> None:
    probe = Spoken("p", interval=3600.0)
    closing.append(source := HealthSource([probe]))
    collector = Collector([source])
    assert (await seen(source, "p")).asked_times == 1
    probe.says = Outcome(severity=CRITICAL, text="down")
    collector.refresh()
    assert (await seen(source, "p", 2)).text == "down"
    assert probe.times == 2


async def test_no_more_than_a_number_of_probes_is_asked_at_once(closing: list[HealthSource]) -> None:
    many = [Spoken(f"p{index}", timeout=30) for index in range(AT_ONCE + 7)]
    for probe in many:
        probe.silent = True
    closing.append(source := HealthSource(many))
    await source.poll(Focus.GLANCE)
    assert sum(probe.now for probe in many) == AT_ONCE
    await source.close()
    assert sum(probe.now for probe in many) == 0


async def test_a_defect_of_a_probe_is_an_outcome(closing: list[HealthSource]) -> None:
    broken = Spoken("broken")
    broken.says = ValueError("password=hunter2 \x1b[31m")
    closing.append(source := HealthSource([broken]))
    status = await seen(source, "broken", 2)
    assert status.severity is CRITICAL
    assert status.text.startswith("ValueError: password=***")
    assert "\x1b" not in status.text


async def test_since_moves_only_with_the_severity(closing: list[HealthSource]) -> None:
    probe = Spoken("p")
    closing.append(source := HealthSource([probe]))
    first = await seen(source, "p", 3)
    probe.says = Outcome(severity=CRITICAL, text="down")
    status = await until(source, "p", lambda status: status.severity is CRITICAL)
    assert first.since_at is not None
    assert status.since_at is not None
    assert status.since_at > first.since_at
    assert (first.found_so, status.found_so) == (True, False)
    probe.says = Outcome(severity=CRITICAL, text="still down")
    later = await until(source, "p", lambda status: status.text == "still down")
    assert later.since == status.since
    assert {severity for severity, _ in later.recent} == {OK, CRITICAL}
    assert [finding.text for finding in source.judge(await source.poll(Focus.GLANCE))] == ["still down"]


async def test_samples_come_once_and_a_series_that_ends_says_so() -> None:
    probe = Spoken("p", interval=20.0)
    probe.says = Outcome(severity=OK, text="2", samples=(Sample("up", 1.0), Sample("extra", 2.0)))
    source = HealthSource([probe])
    snapshot = await source.poll(Focus.GLANCE)
    first = {sample.name: sample.value for sample in source.samples(snapshot)}
    assert first.keys() == {"probe_success", "probe_duration_seconds", "up", "extra"}
    assert first["probe_success"] == 1.0
    snapshot = await source.poll(Focus.GLANCE)
    assert list(source.samples(snapshot)) == [], "nothing new was learnt"
    probe.says = Outcome(severity=CRITICAL, text="1", samples=(Sample("up", 0.0),))
    await source._watches[0].ask()
    snapshot = await source.poll(Focus.GLANCE)
    second = {sample.name: sample.value for sample in source.samples(snapshot)}
    assert (second["probe_success"], second["up"]) == (0.0, 0.0)
    assert is_stale(second["extra"])
    assert not is_stale(math.nan)
    await source.close()


async def test_a_probe_that_is_asked_seldom_is_told_at_a_steady_pace() -> None:
    clock = StillClock()
    watch = Watch(Spoken("p", interval=300.0), clock)
    assert list(watch.samples()) == []
    times: list[float] = []
    for second in range(400):
        clock.passed = float(second)
        if second in (5, 303):
            await watch.ask()
        if watch.samples():
            times.append(clock.passed)
    steps = [later - before for before, later in itertools.pairwise(times)]
    assert times[0] == 5
    assert set(steps) == {REPEAT}, "one that comes soon after another would make the next seem late"


async def test_a_series_that_ends_is_no_longer_there_for_rules() -> None:
    history, own = History(), labels(job="p")
    history.add(10.0, [Sample("extra", 1.0, own), Sample("nan", math.nan, own)], "health")
    ((_, series),) = history.select("extra")
    assert history.at([series], 11.0, 0.0) == [(10.0, 1.0)]
    history.add(12.0, [Sample("extra", STALE, own), Sample("never", STALE, own)], "health")
    assert history.at([series], 13.0, 0.0) == [None]
    assert history.since("extra", own, 0.0) == [(10.0, 1.0)]
    assert history.names() == ["extra", "nan"]
    history.add(14.0, [Sample("extra", 3.0, own)], "health")
    assert history.at([series], 15.0, 0.0) == [(14.0, 3.0)]


async def test_samples_stay_out_of_the_snapshot_that_is_kept(closing: list[HealthSource]) -> None:
    probe = Spoken("p")
    probe.says = Outcome(severity=OK, text="x", samples=tuple(Sample(f"n{i}", i) for i in range(2000)))
    closing.append(source := HealthSource([probe]))
    await seen(source, "p", 80)
    snapshot = await source.poll(Focus.GLANCE)
    assert len(pickle.dumps(snapshot)) < 8000
    assert isinstance(pickle.loads(pickle.dumps(snapshot)), HealthSnapshot)
    assert len(snapshot.probes[0].recent) == 60


def test_quantiles_are_those_of_the_nearest_rank() -> None:
    values = [float(number) for number in range(1, 101)]
    assert (quantile(values, 0.5), quantile(values, 0.95)) == (50.0, 95.0)
    assert quantile([7.0], 0.95) == 7.0


def test_nothing_configured_is_no_source() -> None:
    assert HealthSource.discover(Config(), {}) == []


async def test_what_cannot_be_asked_says_so_and_stops_nobody(unused_port: int) -> None:
    url = f"http://127.0.0.1:{unused_port}/"
    probes = Probes(http=(HttpSettings(), HttpSettings(url=url, body="("), HttpSettings(url=url)))
    (source,) = HealthSource.discover(Config(probes=probes), {})
    (one,) = await look([source], {"health"}, gap=0.05)
    texts = [(finding.severity, finding.text, finding.hint) for finding in one.findings]
    assert len(texts) == 3
    assert all(severity is CRITICAL for severity, _, _ in texts)
    assert texts[0][1:] == ("url is missing", 'write url = "https://host/path"')
    assert texts[1][1].startswith("body is no regular expression: missing )")
    assert texts[2][1] == f"connection refused by 127.0.0.1:{unused_port}"
    snapshot = one.feed.snapshot
    assert isinstance(snapshot, HealthSnapshot)
    assert {(probe.p50, probe.p95) for probe in snapshot.probes} == {(None, None)}, "a refusal is no answer"
    assert summary("health", one.history) == "3 of 3 asked so far fail"


def test_names_and_labels_are_told_apart() -> None:
    url = "http://a.example/"
    config = Config(probes=Probes(http=(HttpSettings(url=url), HttpSettings(url=url))))
    probes = configured_probes(config, {})
    assert [probe.name for probe in probes] == ["a.example", "a.example 2"]
    assert len({probe.labels for probe in probes}) == 2
    assert dict(probes[1].labels) == {"instance": url, "job": "a.example 2"}


def test_every_kind_has_its_table_and_its_class() -> None:
    import importlib

    import msgspec

    assert set(KINDS) == set(msgspec.structs.asdict(Probes()))
    for place in KINDS.values():
        module, _, name = place.partition(":")
        assert getattr(importlib.import_module(module), name).kind in KINDS
    assert issubclass(HttpSettings, ProbeSettings)
