"""Commands that print a number, and Nagios plugins: exit code, text, and the numbers behind the bar."""

from __future__ import annotations

import json
import re
import shlex
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.amounts import against, judged, limit, shown
from console.errors import UsageError
from console.findings import Severity
from console.metrics import Labels, Sample, labels
from console.secrets import redact, redact_arguments
from console.sources.health.points import Points, failed
from console.sources.health.probe import Outcome
from console.sources.health.running import Ran, run
from console.sources.health.verdict import json_at, json_steps
from console.text import clean, decode, strip_escapes
from console.units import duration

if TYPE_CHECKING:
    from console.probe_local import CommandSettings

LIMIT = 0.9
"""Share of the timeout the command gets; the rest is for ending all it started."""
NAGIOS = {0: Severity.OK, 1: Severity.WARNING, 2: Severity.CRITICAL, 3: Severity.CRITICAL}
"""Exit codes of a plugin; 3 is `unknown`, and nothing that is unknown is well."""
FIGURES = 200
"""Numbers taken from one output."""
METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]*\w)")
_FIGURE = re.compile(
    r"\s*(?:'(?P<quoted>(?:[^']|'')+)'|(?P<bare>[^\s'=]+))=(?P<value>[-+]?[\d.]+(?:[eE][-+]?\d+)?|U)"
    r"(?P<unit>[a-zA-Z%]*)(?P<rest>(?:;[^;\s]*)*)"
)
_UNITS = {
    "s": ("s", 1.0), "ms": ("s", 1e-3), "us": ("s", 1e-6), "ns": ("s", 1e-9), "b": ("B", 1.0),
    "kb": ("B", 1024.0), "mb": ("B", 1024.0**2), "gb": ("B", 1024.0**3), "tb": ("B", 1024.0**4),
}  # fmt: skip
"""Units of the figures of a plugin, in what samples are written in."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a plugin's performance data, in seconds and bytes where its unit says so."""

    label: str
    value: float
    unit: str


class CommandProbe:
    """Runs one command and judges its exit code and its number."""

    kind = "command"

    def __init__(self, settings: CommandSettings, env: Mapping[str, str]) -> None:
        try:
            self._words = shlex.split(settings.command)
        except ValueError as error:
            raise UsageError(f"command cannot be read: {error}", "close its quotes") from None
        if not self._words:
            raise UsageError("command is missing", 'write command = "/usr/lib/nagios/plugins/check_load"')
        if not METRIC.fullmatch(settings.metric):
            raise UsageError(f"{settings.metric!r} is no name of a metric", "letters, digits and _ make one")
        self._steps = json_steps(settings.value) if settings.value else None
        self.target = clean(redact_arguments(self._words), 200)
        self.name = settings.name or self.target
        self.labels: Labels = labels(instance=self.target, job=self.name)
        self.interval, self.timeout = settings.interval, settings.timeout
        self._env, self._settings, self._limits = env, settings, limit(settings.limits)

    async def ask(self, now: datetime) -> Outcome:
        """Run it once; it is ended with all it started when its time is over."""
        program = clean(self._words[0], 100)
        try:
            ran = await run(self._words, self._env, self.timeout * LIMIT)
        except FileNotFoundError:
            return failed(f"there is no program {program}", "install it, or write its whole path")
        except OSError as error:
            return failed(f"{program} cannot be run: {error.strerror}", "chmod +x, or name its interpreter")
        if ran.code is None:
            told = f"it did not end within {duration(self.timeout * LIMIT)}, and was ended"
            return failed(told, "raise timeout, or see what it waits for")
        return self._judged(ran)

    def _judged(self, ran: Ran) -> Outcome:
        assert ran.code is not None
        text, figures = parted(ran.output)
        first = next((line for line in text.splitlines() if line.strip()), "")
        told = clean(redact(strip_escapes(first)).strip(), 200)
        points = Points()
        points.samples.append(Sample("probe_command_exit_code", ran.code, self.labels))
        found = list(figures_of(figures))[:FIGURES]
        for figure in found:
            own = labels(**dict(self.labels), label=figure.label, unit=figure.unit)
            points.samples.append(Sample("probe_command_figure", figure.value, own))
            points.detail(figure.label, shown(figure.value, figure.unit))
        for number, line in enumerate(text.splitlines()[1:6], 2):
            points.detail(f"line {number}", redact(strip_escapes(line)))
        if errors := decode(ran.errors.strip().replace(b"\n", b" "), 300):
            points.detail("on standard error", redact(errors))
        if ran.code not in NAGIOS:
            points.say(Severity.CRITICAL, f"{_ended(ran.code)}{': ' if told else ''}{told}", _advice(ran))
            return points.outcome()
        severity = NAGIOS[ran.code]
        if severity:
            word = "unknown: " if ran.code == 3 else ""
            points.say(severity, f"{word}{told or redact(errors) or _ended(ran.code)}")
        self._judge_value(points, text, told, bool(found))
        return points.outcome()

    def _judge_value(self, points: Points, text: str, told: str, plugin: bool) -> None:
        """The number against its limits; without any, and of a plugin, what it says is enough."""
        value = self._value(text)
        wanted = self._limits is not None or self._steps is not None
        if value is None:
            if wanted and points.severity is Severity.OK:
                where = f"no number at {clean(self._settings.value, 80)}" if self._steps else "no number"
                points.say(Severity.CRITICAL, f"{where} in what it prints: {told or 'nothing'}")
            else:
                points.say(Severity.OK, told or "well")
            return
        points.samples.append(Sample(self._settings.metric, value, self.labels))
        severity = judged(value, self._limits)
        number = shown(value, self._settings.unit)
        if severity:
            points.say(severity, number + against(value, self._limits, self._settings.unit))
        else:
            points.say(Severity.OK, number if wanted and not plugin else told or number)

    def _value(self, text: str) -> float | None:
        if self._steps is not None:
            try:
                document: Any = json.loads(text)
            except (ValueError, RecursionError):
                return None
            return number_of(json_at(document, self._steps) or "")
        found = _NUMBER.search(strip_escapes(text))
        return None if found is None else number_of(found[0])


def number_of(text: str) -> float | None:
    """A number out of text; truth values are 1 and 0; None for what is none, infinite or not-a-number."""
    if text in ("true", "false"):
        return float(text == "true")
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def parted(output: bytes) -> tuple[str, str]:
    """A plugin's text and its performance data, which stands behind a bar on the first line and after.

    See https://nagios-plugins.org/doc/guidelines.html: figures follow the first bar of the first line,
    and the second bar of the whole output.
    """
    text = output.decode("utf-8", "replace")
    head, _, rest = text.partition("\n")
    said, bar, figures = head.partition("|")
    if not bar:
        return text, ""
    long, _, more = rest.partition("|")
    return f"{said}\n{long}" if long else said, f"{figures} {more}".replace("\n", " ")


def figures_of(text: str) -> Iterator[Figure]:
    """The figures of performance data: `'label'=value[unit];[warn];[crit];[min];[max]`; `U` is unknown."""
    at = 0
    while (found := _FIGURE.match(text, at)) is not None:
        at = found.end()
        value = number_of(found["value"])
        if value is None:
            continue
        label = (found["quoted"] or found["bare"] or "").replace("''", "'")
        unit, scale = _UNITS.get(found["unit"].lower(), (found["unit"], 1.0))
        yield Figure(clean(label, 80), value * scale, clean(unit, 12))


def _ended(code: int) -> str:
    if code >= 0:
        return f"exit {code}"
    try:
        return f"ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"ended by signal {-code}"


def _advice(ran: Ran) -> str:
    if ran.code in (126, 127):
        return "the shell it starts found no such program"
    return clean(redact(decode(ran.errors.strip().splitlines()[-1], 200)), 200) if ran.errors.strip() else ""
