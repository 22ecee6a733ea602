"""`opsconsole status`: one look at everything, for people and for scripts."""

from __future__ import annotations

import asyncio
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from console.config import Config
from console.discovery import discover, nothing_found
from console.errors import UsageError
from console.findings import Severity, worst
from console.look import Seen, configured, look
from console.nearest import did_you_mean
from console.report import Paint, json_text, painter
from console.secrets import redact
from console.sources.base import State
from console.summary import summary
from console.text import clean, pad, width
from console.units import counted

TONES = {Severity.OK: "good", Severity.WARNING: "warn", Severity.CRITICAL: "bad"}


def status(
    config: Config, notes: Sequence[str], only: Sequence[str], as_json: bool, env: Mapping[str, str]
) -> int:
    """Look once and print what is there; the exit code is the worst severity. Raises UsageError."""
    if only:
        import msgspec

        config = msgspec.structs.replace(config, sources=tuple(only))
    found = discover(config, env)
    kinds = {source.kind for source in found.sources}
    if missing := [kind for kind in only if kind not in kinds]:
        why = next((note for note in found.notes if missing[0] in note), "")
        guess = did_you_mean(missing[0], kinds)
        raise UsageError(
            f"nothing to look at of the kind {missing[0]}{guess}", why or "see opsconsole doctor"
        )
    if not found.sources:
        raise nothing_found(found.notes)
    seen = asyncio.run(look(found.sources, configured(config) | set(only)))
    severity = worst(finding for one in seen for finding in one.findings)
    told = [*notes, *found.notes]
    if as_json:
        print(json_text(_document(seen, severity, told)))
    else:
        for line in _lines(seen, severity, painter(env)):
            print(line)
        for note in told:
            print(f"opsconsole: note: {redact(note)}", file=sys.stderr)
    return int(severity)


def _lines(seen: Sequence[Seen], severity: Severity, paint: Paint) -> Iterator[str]:
    names = max((width(one.feed.source.name) for one in seen), default=0)
    for one in seen:
        source = one.feed.source
        word, tone = _state(one)
        # padded before it is painted: the codes take no cell
        head = f"{paint(pad(word, 10), tone)} {paint(pad(clean(source.name), names), 'bold')}"
        yield f"{head}  {_says(one)}".rstrip()
        for finding in one.findings:
            if one.error and finding.subject == source.name:
                continue  # said on the line above
            label = paint(pad(finding.severity.name.lower(), 10), TONES[finding.severity])
            hint = paint(f"  ({finding.hint})", "dim") if finding.hint else ""
            yield f"  {label} {finding.subject}: {redact(finding.text)}{redact(hint)}"
        for subject, text in one.feed.snapshot.well if one.feed.snapshot else ():
            yield f"  {paint(pad('ok', 10), 'good')} {clean(subject)}: {redact(text)}"
        for sentence in one.feed.snapshot.limited if one.feed.snapshot else ():
            yield f"  {paint(pad('limited', 10), 'dim')} {redact(sentence)}"
    yield paint(_count(seen), TONES[severity])


def _count(seen: Sequence[Seen]) -> str:
    numbers = dict.fromkeys(Severity, 0)
    for one in seen:
        for finding in one.findings:
            numbers[finding.severity] += 1
    return f"{numbers[Severity.CRITICAL]} critical, {counted(numbers[Severity.WARNING], 'warning')}"


def _state(one: Seen) -> tuple[str, str]:
    state, severity = one.feed.state, one.severity
    if state is State.NOT_FOUND:
        return "not found", TONES[severity] if severity else "dim"
    if state is State.LIVE:
        return severity.name.lower(), TONES[severity]
    return ("refused" if state is State.REFUSED else "failed"), "bad"


def _says(one: Seen) -> str:
    """What the source's own line says: its figures, or why there are none."""
    if one.error is not None:
        return str(one.error)  # masked already, its reason and its fix each by itself
    figures = summary(one.feed.source.kind, one.history)
    target = one.feed.source.target
    return redact("  ".join(part for part in (figures, f"[{target}]" if target else "") if part))


def _document(seen: Sequence[Seen], severity: Severity, notes: Sequence[str]) -> dict[str, Any]:
    from datetime import UTC, datetime

    from console import __version__

    return {
        "opsconsole": __version__,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": clean(os.uname().nodename, 200),
        "severity": severity.name.lower(),
        "exit": int(severity),
        "sources": [_source(one) for one in seen],
        "notes": [redact(note) for note in notes],
    }


def _source(one: Seen) -> dict[str, Any]:
    source, reading, error = one.feed.source, one.feed.reading, one.error
    return {
        "name": clean(source.name),
        "kind": source.kind,
        "target": redact(source.target),
        "state": str(one.feed.state),
        "severity": one.severity.name.lower(),
        "wanted": one.wanted,
        "seconds": round(reading.duration, 4) if reading else None,
        "error": {"reason": redact(error.reason), "fix": redact(error.fix)} if error else None,
        "summary": redact(summary(source.kind, one.history)) if error is None else "",
        "findings": [
            {
                "severity": finding.severity.name.lower(),
                "subject": finding.subject,
                "text": redact(finding.text),
                "hint": redact(finding.hint),
            }
            for finding in one.findings
        ],
        "well": [
            {"subject": clean(subject), "text": redact(text)}
            for subject, text in (one.feed.snapshot.well if one.feed.snapshot else ())
        ],
        "limited": [redact(sentence) for sentence in one.feed.snapshot.limited] if one.feed.snapshot else [],
        "samples": [
            {"name": name, "labels": dict(labels), "value": one.history.since(name, labels, -math.inf)[-1][1]}
            for name, labels in one.history
        ],
    }
