"""`python -m tests.bench`: the console and its peers side by side under the load of the budgets."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from types import FrameType
from typing import NoReturn

from tests.bench import scale
from tests.bench.flood import flows
from tests.bench.load import CONTAINERS, LINES, OPERATIONS, SESSIONS, TRANSACTIONS, Load, start_load
from tests.bench.measure import SIZE, Figures, measure, median, started
from tests.bench.peers import CONSOLE, EMPTY, REPLACED, Program, programs
from tests.bench.pods import crowded
from tests.bench.report import Report
from tests.bench.rules import ruled
from tests.bench.steps import floods
from tests.servers.building import KUBERNETES

STARTS = 11
"""Of the console and of an empty application: their times vary by a half from start to start."""


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short run of each")
    parser.add_argument("--json", action="store_true", help="figures for scripts instead of the table")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="measure this one")
    parser.add_argument("--runs", type=int, default=3, help="runs of each program; the median counts")
    parser.add_argument("--steady", type=float, default=10.0, help="seconds watched in each run")
    parser.add_argument("--keys", type=int, default=40, help="keys pressed in each run")
    parser.add_argument("--no-engine", action="store_true", help="without containers")
    parser.add_argument("--no-flood", action="store_true", help="without log lines and output in floods")
    parser.add_argument(
        "--no-scale",
        action="store_true",
        help="without 1,000 containers, 500 sessions, 1,000 rules, 5,000 pods",
    )
    given = parser.parse_args()
    if given.quick:
        given.runs, given.steady, given.keys = 1, 5.0, 20
        given.no_scale = True
    return given


def say(text: str) -> None:
    """Progress, beside the result."""
    print(text, file=sys.stderr, flush=True)


def all_figures(load: Load, chosen: list[Program], given: argparse.Namespace) -> dict[str, Figures]:
    """Every program alone, run after run."""
    found: dict[str, list[Figures]] = {program.name: [] for program in chosen}
    for number in range(given.runs):
        for program in chosen:
            say(f"run {number + 1} of {given.runs}: {program.name}")
            figures = measure(
                program, load.environment, settle=3.0, steady=given.steady, keys=given.keys,
                servers_cpu=load.servers_cpu,
            )  # fmt: skip
            found[program.name].append(figures)
    medians = {name: median(runs) for name, runs in found.items()}
    return medians | with_starts(load, [one for one in chosen if one.name in (EMPTY, CONSOLE)], medians)


def with_starts(load: Load, chosen: list[Program], figures: Mapping[str, Figures]) -> dict[str, Figures]:
    """The figures with the times of many starts, turn by turn: what else the machine does meets both."""
    say(f"{STARTS} starts, turn by turn: {', '.join(one.name for one in chosen)}")
    found: dict[str, list[Figures]] = {one.name: [] for one in chosen}
    for _ in range(STARTS):
        for one in chosen:
            found[one.name].append(started(one, load.environment))
    medians = {name: median(runs) for name, runs in found.items()}
    return {
        name: replace(figures[name], first_paint=own.first_paint, ready=own.ready)
        for name, own in medians.items()
    }


def ended(number: int, frame: FrameType | None) -> NoReturn:
    """Told to end: leave through every context, so that nothing stays behind."""
    raise KeyboardInterrupt


def measured(given: argparse.Namespace, stack: contextlib.ExitStack) -> Report:
    """Everything that was asked for."""
    say("starting the load ...")
    load = start_load(stack, engine=not given.no_engine)
    chosen, _ = programs(load)
    if given.only:
        chosen = [program for program in chosen if program.name in given.only]
    figures = all_figures(load, chosen, given)
    peers = [program.name for program in chosen if program.summed]
    absent = [f"not in the sum, because not here: {name}" for name in REPLACED if name not in peers]
    what = (
        f"{CONTAINERS if load.engine else 0} containers, {SESSIONS} sessions at {TRANSACTIONS} tx/s, "
        f"{OPERATIONS} Redis ops/s, {LINES} log lines/s, {SIZE[0]}x{SIZE[1]}, {os.cpu_count()} cores, "
        f"median of {given.runs}, of {STARTS} for starts"
    )
    return Report(what, figures, peers, notes=[*load.missing, *absent])


def main() -> int:
    """Measure, print, clean up; 1 when a budget is not met."""
    given = options()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ended)
    with contextlib.ExitStack() as stack:
        report = measured(given, stack)
    if not given.no_flood:
        for flow in flows():
            say(str(flow))
            report.flows.append(flow)
        for flood in floods():
            say(str(flood))
            report.floods.append(flood)
    if not given.no_scale:
        say(f"{scale.CONTAINERS} containers, {scale.SESSIONS} sessions ...")
        report.large, notes = scale.measured(given.steady, given.keys)
        report.notes += notes
        say("1,000 rules over 50,000 series ...")
        report.rules = ruled()
        say(str(report.rules))
        if KUBERNETES.built:
            say("5,000 pods on 100 nodes ...")
            report.pods = crowded(given.steady)
            say(str(report.pods))
        else:
            report.notes.append("no pods: make kubernetes builds the server they are of")
    print(report.json() if given.json else report.text())
    return 0 if report.met else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
