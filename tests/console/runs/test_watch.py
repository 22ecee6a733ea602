"""Evidence that ticks items of runs and takes the ticks back, of a real source in time that can be moved."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from console.collector import Collector
from console.config import Config, Limits
from console.guides.model import Guide, Kind, Objective, Procedure, Risk, Step
from console.runs.run import Run, Status
from console.runs.runner import Runner
from console.runs.watch import HOLD, Verdict, Watch
from console.sources.system.source import SystemSource
from tests.console.runs.kit import carried_out, manual, running, step
from tests.console.sources.asking import StepClock

WELL = [Objective(name="Memory Usage", op="<", value=101, unit="%", line=1)]
ILL = [Objective(name="Memory Usage", op="<", value=0.001, unit="%", line=1)]


class Watched:
    """A run beside a collector; what the watch says is done, as the console would."""

    def __init__(self, runner: Runner, run: Run, collector: Collector, clock: StepClock) -> None:
        self.runner = runner
        self.run = run
        self.collector = collector
        self.clock = clock
        self.watch = Watch(Config())

    async def look(self, later: float, objectives: Sequence[Objective]) -> list[Verdict]:
        """Let time pass, read the source anew, look, and do what follows."""
        self.clock.passed += later
        await self.collector.once()
        verdicts = self.watch.look(self.run, self.collector, objectives)
        for one in verdicts:
            if one.tick:
                found = one.evidence
                await self.runner.tick(self.run, one.index, found.text, evidence=found.kept(), automatic=True)
            else:
                await self.runner.untick(self.run, one.index, f"now: {one.evidence.text}", regressed=True)
        return verdicts


@asynccontextmanager
async def watched(directory: Path, *steps: Step, kind: Kind = Kind.CHECKLIST) -> AsyncIterator[Watched]:
    clock = StepClock()
    collector = Collector([SystemSource(Limits())], clock=clock)
    procedure = Procedure(id="p", title="Morning", kind=kind, line=1, end_line=9, steps=steps)
    made = Guide(path="g.md", name="g", title="G", digest="0" * 64, procedures=(procedure,))
    try:
        async with running(directory) as runner:
            yield Watched(runner, await runner.start(made, procedure, {}), collector, clock)
    finally:
        await collector.stop()


async def test_a_good_answer_that_holds_ticks_its_item_with_the_value(tmp_path: Path) -> None:
    async with watched(tmp_path, manual("Check memory usage"), manual("Ring the harbour master")) as it:
        assert await it.look(0, WELL) == []
        assert await it.look(HOLD - 0.5, WELL) == []
        (verdict,) = await it.look(0.6, WELL)
        state = it.run.states[0]
        assert (verdict.index, state.status, state.automatic) == (0, Status.TICKED, True)
        assert state.value.startswith("memory ")
        assert state.evidence is not None
        assert "guide: < 101%" in state.evidence.text
        assert await it.look(10, WELL) == []
        assert it.run.states[1].status is Status.WAITING  # nobody measures that
        assert set(it.watch.answers(it.run)) == {0}


async def test_an_answer_that_comes_and_goes_ticks_nothing(tmp_path: Path) -> None:
    async with watched(tmp_path, manual("Check memory usage")) as it:
        for _ in range(4):
            assert await it.look(HOLD - 0.5, WELL) == []
            assert await it.look(HOLD - 0.5, ILL) == []
        assert it.run.states[0].status is Status.WAITING
        assert not it.watch.answers(it.run)[0].good


async def test_a_value_that_gets_worse_takes_the_tick_and_only_a_person_gives_it_again(
    tmp_path: Path,
) -> None:
    async with watched(tmp_path, manual("Check memory usage")) as it:
        await it.look(0, WELL)
        await it.look(HOLD, WELL)
        assert it.run.states[0].automatic
        assert await it.look(1, ILL) == []  # not before it holds
        assert await it.look(1, WELL) == []
        assert await it.look(1, ILL) == []
        (verdict,) = await it.look(HOLD, ILL)
        state = it.run.states[0]
        assert (verdict.tick, state.status, state.regressed) == (False, Status.WAITING, True)
        assert state.why.startswith("now: memory ")
        assert await it.look(10, WELL) == []
        assert await it.look(10, WELL) == []
        assert state.status is Status.WAITING
        found = it.watch.answers(it.run)[0]
        await it.runner.tick(it.run, 0, found.text, evidence=found.kept())
        assert (state.status, state.regressed, state.automatic) == (Status.TICKED, False, False)
        await it.look(1, ILL)
        await it.look(HOLD, ILL)
        assert state.status is Status.WAITING  # a person's tick too stands for the value it was given for


async def test_a_source_that_is_not_read_any_more_takes_the_tick(tmp_path: Path) -> None:
    async with watched(tmp_path, manual("Check memory usage")) as it:
        await it.look(0, WELL)
        await it.look(HOLD, WELL)
        it.clock.passed += 300
        assert it.watch.look(it.run, it.collector, WELL) == []
        it.clock.passed += 300
        verdicts = it.watch.look(it.run, it.collector, WELL)
        assert [verdict.tick for verdict in verdicts] == [False]
        assert "not read lately" in verdicts[0].evidence.text


async def test_a_tick_without_evidence_is_a_person_s_word(tmp_path: Path) -> None:
    async with watched(tmp_path, manual("Check memory usage")) as it:
        await it.runner.tick(it.run, 0, value="I looked")
        for _ in range(3):
            assert await it.look(HOLD, ILL) == []
        assert it.run.states[0].status is Status.TICKED


async def test_in_a_runbook_answers_only_stand_there(tmp_path: Path) -> None:
    async with watched(tmp_path, manual("Check memory usage"), kind=Kind.RUNBOOK) as it:
        for _ in range(3):
            assert await it.look(HOLD, WELL) == []
        assert it.watch.answers(it.run)[0].good
        found = it.watch.answers(it.run)[0]
        await it.runner.tick(it.run, 0, found.text, evidence=found.kept())
        await it.look(1, ILL)
        (verdict,) = await it.look(HOLD, ILL)
        assert not verdict.tick


async def test_what_is_left_out_or_belongs_elsewhere_is_not_asked(tmp_path: Path) -> None:
    elsewhere = Step(
        number=1, title="Check memory usage", kind=manual("x").kind, line=1, end_line=1, where="db-2"
    )
    async with watched(tmp_path, manual("Check memory usage"), elsewhere, step("free")) as it:
        await it.runner.skip(it.run, 0, "known")
        for _ in range(3):
            assert await it.look(HOLD, WELL) == []
        assert dict(it.watch.answers(it.run)) == {}


async def test_a_change_marks_what_was_seen_before_it(tmp_path: Path) -> None:
    change = step("touch /dev/null", Risk.CHANGE)
    async with watched(tmp_path, manual("Check memory usage"), change) as it:
        await it.look(0, WELL)
        await it.look(HOLD, WELL)
        state = it.run.states[0]
        assert [one.before_change for one in it.run.states] == [False, False]
        await carried_out(it.runner, it.run, 1)
        assert [one.before_change for one in it.run.states] == [True, False]
        assert await it.look(HOLD, WELL) == []  # it stays ticked, and stays marked
        assert (state.status, state.before_change) == (Status.TICKED, True)
        found = it.watch.answers(it.run)[0]
        await it.runner.tick(it.run, 0, found.text, evidence=found.kept())
        assert not state.before_change


async def test_an_answer_that_was_gone_has_to_hold_anew(tmp_path: Path) -> None:
    async with watched(tmp_path, manual("Check memory usage")) as it:
        await it.look(0, WELL)
        feeds, it.collector.feeds = it.collector.feeds, {}
        it.watch.look(it.run, it.collector, WELL)
        assert dict(it.watch.answers(it.run)) == {}
        it.collector.feeds = feeds
        assert await it.look(HOLD + 1, WELL) == []
        assert len(await it.look(HOLD, WELL)) == 1


async def test_a_run_that_has_ended_is_forgotten(tmp_path: Path) -> None:
    async with watched(tmp_path, manual("Check memory usage")) as it:
        await it.look(0, WELL)
        it.watch.forget(it.run)
        assert dict(it.watch.answers(it.run)) == {}
        assert it.watch._since == {}
