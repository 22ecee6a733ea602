"""`opsconsole journal verify` and `journal show`: the record for people and for scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from console.config import Config
from console.errors import UsageError
from console.journal.entries import Entry, Kind
from console.report import Paint, columns, json_text, painter
from console.text import clean, clip
from console.units import duration

WIDTH: Final = 60
"""Cells of what was done; the whole of it stands in the JSON."""
LIMIT: Final = 50
"""Entries shown unless asked for more."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_VERBS = {
    Kind.OPENED: "begun:", Kind.TICKED: "ticked:", Kind.UNTICKED: "unticked:", Kind.SKIPPED: "skipped:",
    Kind.NOTED: "note:", Kind.CLOSED: "closed:", Kind.ENDED: "ended:", Kind.FIRING: "firing:",
    Kind.RESOLVED: "resolved:", Kind.ACKNOWLEDGED: "acknowledged:", Kind.SILENCED: "silenced:",
    Kind.EXPIRED: "taken back:",
}  # fmt: skip
_HIDDEN = frozenset({Kind.SPAWNED, "measured"})
"""Kinds that nobody did."""


def journal(config: Config, options: Mapping[str, Any], env: Mapping[str, str]) -> int:
    """Carry out the command; the exit code. Raises UsageError, JournalError."""
    from console.journal.place import journal_path

    path = journal_path(config, env)
    if options["task"] == "verify":
        return _verify(path, options["anchor"], options["json"], env)
    return _show(path, options, env)


def _verify(path: Path, anchors: Sequence[str], as_json: bool, env: Mapping[str, str]) -> int:
    from dataclasses import asdict

    from console.journal.anchors import logged
    from console.journal.verify import BEYOND, verify

    verdict = verify(path, [*map(_anchor, anchors), *logged(path)])
    if as_json:
        print(json_text({"path": clean(str(path)), **asdict(verdict), "cannot_know": BEYOND}))
        return int(not verdict.ok)
    paint = painter(env)
    if verdict.ok:
        entries = "1 entry" if verdict.entries == 1 else f"{verdict.entries} entries"
        head = f", head {verdict.entries}:{verdict.head}" if verdict.head else ""
        print(f"{paint('whole', 'good')}  {clean(str(path))}: {entries}{head}")
    else:
        print(f"{paint('broken', 'bad')}  {clean(str(path))}: {clean(verdict.reason, 300)}")
    known = (
        f"entry {verdict.anchored} is vouched for by an anchor" if verdict.anchored else "no anchor was found"
    )
    print(paint(f"{known}; {BEYOND}", "dim"))
    return int(not verdict.ok)


def _anchor(text: str) -> Any:
    from console.journal.anchors import Anchor

    match = re.fullmatch(r"(\d{1,18})[: ](?:sha256 )?([0-9a-fA-F]{64})", text.strip())
    if match is None:
        raise UsageError(f'--anchor "{text}" is not an anchor', "write it as NUMBER:HASH, as the log has it")
    return Anchor(int(match[1]), match[2].lower(), "--anchor")


def _show(path: Path, options: Mapping[str, Any], env: Mapping[str, str]) -> int:
    from console.journal.reader import read

    since = moment(options["since"], datetime.now(UTC)) if options["since"] else None
    limit = _limit(options["limit"])
    found = read(path, run=options["run"], since=since, limit=limit)
    if options["json"]:
        print(json_text({"path": clean(str(path)), "entries": [document(entry) for entry in found]}))
        return 0
    for line in table(found, painter(env), runs=options["run"] is None):
        print(line)
    return 0


def _limit(text: str | None) -> int:
    if text is None:
        return LIMIT
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) <= 10_000_000:
        raise UsageError(f'--limit "{text}" is not a number of entries', "write for example --limit 200")
    return int(text)


def moment(text: str, now: datetime) -> datetime:
    """A point of time: `90m`, `2h`, `3d` ago, or a date or time of ISO 8601, local unless it says otherwise.

    Raises UsageError.
    """
    ago = re.fullmatch(r"(\d{1,6})([smhdw])", text.strip())
    try:
        if ago:
            return now - timedelta(seconds=int(ago[1]) * _UNITS[ago[2]])
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError):
        fix = "write a span such as 2h or 3d, or a time such as 2026-01-31T09:00"
        raise UsageError(f'--since "{text}" is not a time', fix) from None


def document(entry: Entry) -> dict[str, Any]:
    """An entry for JSON."""
    names = ("seq", "kind", "actor", "host", "run", "step", "body", "previous", "hash")
    return {"time": entry.time.isoformat(), **{name: getattr(entry, name) for name in names}}


def table(entries: Sequence[Entry], paint: Paint, *, runs: bool) -> Iterator[str]:
    """One line for each thing done, its end beside its start; `runs` adds the run it belongs to."""
    rows = list(_rows(entries))
    if not rows:
        yield paint("nothing was done", "dim")
        return
    head = ("time", "actor", "what", "target", "result", "run")
    lines = columns([row[: 6 if runs else 5] for row, _ in [(head, ""), *rows]])
    yield paint(lines[0], "bold")
    for line, (_, tone) in zip(lines[1:], rows, strict=True):
        yield paint(line, tone) if tone else line


def _rows(entries: Sequence[Entry]) -> Iterator[tuple[tuple[str, ...], str]]:
    ends = {_key(entry): entry for entry in entries if entry.kind == Kind.ENDED}
    starts = {_key(entry) for entry in entries if entry.kind == Kind.STARTED}
    for entry in entries:
        if entry.kind in _HIDDEN or (entry.kind == Kind.ENDED and _key(entry) in starts):
            continue
        end = ends.get(_key(entry)) if entry.kind == Kind.STARTED else entry
        result, tone = _result(entry, end)
        time = entry.time.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        what = clip(clean(_what(entry), 300), WIDTH)
        yield (time, entry.actor, what, clip(_target(entry), 30), result, entry.run), tone


def _key(entry: Entry) -> tuple[str, str, float | None]:
    return entry.run, entry.step, entry.number("attempt")


def _what(entry: Entry) -> str:
    verb = _VERBS.get(Kind(entry.kind), "") if entry.kind in set(Kind) else f"{entry.kind}:"
    title = next((text for key in ("title", "text", "procedure") if (text := entry.text(key))), "")
    command = entry.text("command").strip().partition("\n")[0]
    what = f"{title}: {command}" if title and command and title != command else title or command
    return f"{verb} {what or (entry.step and f'step {entry.step}')}".strip()


def _target(entry: Entry) -> str:
    """Where it was done: a word, or the most telling of several."""
    target = entry.body.get("target")
    if isinstance(target, Mapping):
        target = target.get("kubernetes") or target.get("host")
    return clean(target, 200) if isinstance(target, str) else ""


def _result(entry: Entry, end: Entry | None) -> tuple[str, str]:
    if end is None:
        return "has not ended", "warn"
    status, code, seconds = end.text("status"), end.number("exit"), end.number("seconds")
    parts = [status] if status else []
    if code is not None:
        parts.append(f"exit {code:g}")
    if seconds is not None:
        parts.append(duration(seconds))
    texts = (end.text(key) for key in ("value", "reason", "why", "note"))
    parts += [text for text in texts if text and text not in parts]
    tone = {"failed": "bad", "unknown": "warn", "cancelled": "warn"}.get(status, "")
    return clip(clean(", ".join(parts), 300), WIDTH), tone
