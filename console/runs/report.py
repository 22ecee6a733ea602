"""What a run without a person gives: lines for people, JSON for scripts, JUnit XML for a build server."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from console.errors import UsageError
from console.journal.entries import JSON
from console.runs.run import Run, Status, StepState
from console.text import clean
from console.units import duration

SHOWN = 200
"""Lines of one step's output that are printed; all of it is in its spool."""
_WORDS = {
    Status.WAITING: "not run", Status.OK: "ok", Status.FAILED: "FAILED", Status.SKIPPED: "skipped",
    Status.UNKNOWN: "UNKNOWN", Status.CANCELLED: "CANCELLED", Status.TICKED: "ticked",
    Status.RUNNING: "running",
}  # fmt: skip


def heading(run: Run, state: StepState) -> str:
    """One line before a step."""
    return f"[{state.index + 1}/{len(run.states)}] {clean(state.step.title, 200)}"


def outcome(state: StepState) -> Iterator[str]:
    """The lines after a step: its output, and how it went."""
    shown = list(state.lines)[-SHOWN:]
    if len(state.lines) > SHOWN or state.skipped_bytes:
        yield f"    … all of it: {state.spool}"
    yield from (f"    {line}" for line in shown)
    took = f" in {duration(state.duration)}" if state.duration is not None else ""
    said = state.why or (state.value and f"value {state.value}") or (state.evidence and state.evidence.text)
    why = f": {clean(said, 400)}" if said else ""
    yield f"    {_WORDS[state.status]}{took}{why}"
    if state.left:
        yield f"    goes on running: {', '.join(state.left)}"


def as_json(run: Run, code: int, sentence: str) -> dict[str, JSON]:
    """The whole run; `sentence` says why it stopped, where it did."""
    return {
        "run": run.id, "guide": run.guide.name, "procedure": run.procedure.id, "title": run.procedure.title,
        "status": run.status, "exit": code, "stopped": sentence,
        "started": run.started.isoformat(), "ended": run.ended.isoformat() if run.ended else None,
        "steps": [_step(state) for state in run.states],
    }  # fmt: skip


def _step(state: StepState) -> dict[str, JSON]:
    return {
        "number": state.index + 1, "title": state.step.title, "kind": state.step.kind.value,
        "line": state.step.line, "risk": state.step.risk.word, "status": state.status.value,
        "exit": state.exit_code, "signal": state.signal, "seconds": state.duration, "why": state.why,
        "value": state.value, "evidence": state.evidence.text if state.evidence else "",
        "output": list(state.lines)[-SHOWN:], "spool": str(state.spool) if state.spool else "",
        "left": list(state.left),
    }  # fmt: skip


def check_writable(path: Path) -> None:
    """Raise UsageError for a file that could not be written when all is done."""
    place = path if path.exists() else path.parent
    if path.is_dir() or not os.access(place, os.W_OK):
        raise UsageError(f"{path} cannot be written", "name a file in a directory that is there")


def write_junit(path: Path, run: Run, sentence: str) -> None:
    """JUnit XML of a run: one case a step. Raises OSError."""
    states = run.states
    suite = ET.Element(
        "testsuite",
        name=_xml(run.procedure.title),
        tests=str(len(states)),
        failures=str(_count(states, Status.FAILED, Status.CANCELLED)),
        errors=str(_count(states, Status.UNKNOWN)),
        skipped=str(_count(states, Status.SKIPPED, Status.WAITING)),
        time=f"{sum(state.duration or 0 for state in states):.3f}",
        timestamp=run.started.isoformat(timespec="seconds"),
    )
    for state in states:
        suite.append(_case(run, state, sentence))
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    ET.ElementTree(suites).write(path, encoding="utf-8", xml_declaration=True)


def _case(run: Run, state: StepState, sentence: str) -> ET.Element:
    case = ET.Element(
        "testcase",
        classname=_xml(f"{run.guide.name}.{run.procedure.id}"),
        name=_xml(f"{state.index + 1}. {state.step.title}"),
        time=f"{state.duration or 0:.3f}",
    )
    kinds = {Status.FAILED: "failure", Status.CANCELLED: "failure", Status.UNKNOWN: "error",
             Status.SKIPPED: "skipped", Status.WAITING: "skipped"}  # fmt: skip
    if (kind := kinds.get(state.status)) is not None:
        why = state.why or (sentence if state.status is Status.WAITING else "") or _WORDS[state.status]
        ET.SubElement(case, kind, message=_xml(why))
    if state.lines:
        ET.SubElement(case, "system-out").text = _xml("\n".join(list(state.lines)[-SHOWN:]))
    return case


def _count(states: Sequence[StepState], *statuses: Status) -> int:
    return sum(state.status in statuses for state in states)


def _xml(text: str) -> str:
    """Text with nothing in it that XML cannot hold."""
    return "\n".join(clean(line, 1 << 16) for line in text.split("\n"))


def say(line: str) -> None:
    """One line for people, at once: whoever waits for a job reads along."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
