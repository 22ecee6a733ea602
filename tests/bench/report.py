"""Everything one bench found, as text and for scripts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.bench.flood import Flow
from tests.bench.measure import Figures
from tests.bench.peers import CONSOLE
from tests.bench.pods import NODES, PODS, Crowded
from tests.bench.rules import Ruled
from tests.bench.scale import CONTAINERS, FACTOR, SESSIONS
from tests.bench.steps import Flood
from tests.bench.table import Verdict, recorded, summed, table, verdicts

LARGE = f"console, {CONTAINERS:,} containers, {SESSIONS} sessions"
"""The row of the large load: real sessions and processes, an engine that is not."""
CROWDED = f"console, {PODS:,} pods on {NODES} nodes"
LEAST_LINES = 20_000
"""Log lines a second that must be taken."""


@dataclass
class Report:
    """Figures by program, which of them are summed, and what else was measured."""

    what: str
    """The load, in words."""
    figures: dict[str, Figures]
    peers: list[str]
    notes: list[str] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    floods: list[Flood] = field(default_factory=list)
    large: Figures | None = None
    rules: Ruled | None = None
    pods: Crowded | None = None

    @property
    def total(self) -> Figures:
        """What the replaced tools cost together."""
        return summed(self.figures, self.peers)

    @property
    def budgets(self) -> list[Verdict]:
        """The budgets of the usual load."""
        found = verdicts(self.figures.get(CONSOLE), self.figures, self.total)
        if self.flows:
            best = max((flow.rate for flow in self.flows if flow.passes), default=0)
            found.append(
                Verdict("log lines taken while keys stay under 50 ms", best, LEAST_LINES, "/s", True)
            )
        return found

    @property
    def large_budgets(self) -> list[Verdict]:
        """The budgets of the large load."""
        return verdicts(self.large, self.figures, self.total, FACTOR)

    @property
    def crowded_budgets(self) -> list[Verdict]:
        """The budgets of a large cluster; what it has of its own is in `pods`."""
        return verdicts(self.pods.figures, self.figures, self.total, FACTOR) if self.pods else []

    @property
    def met(self) -> bool:
        """Whether every budget is."""
        budgets = (*self.budgets, *self.large_budgets, *self.crowded_budgets)
        alone = [one for one in (self.rules, self.pods, *self.floods) if one is not None]
        return all(verdict.met for verdict in budgets) and all(one.passes for one in alone)

    def text(self) -> str:
        """One table, the notes, and each budget as met or not."""
        shown = {**self.figures, LARGE: self.large} if self.large else {**self.figures}
        if self.pods:
            shown[CROWDED] = self.pods.figures
        lines = [self.what, table(shown, self.total, self.peers)]
        notes = [*self.notes, *recorded(self.figures.get(CONSOLE))]
        lines += [f"note: {note}" for note in notes]
        lines += map(str, self.budgets)
        if self.large:
            lines += [f"{LARGE} (every budget x {FACTOR:g}):", *map(str, self.large_budgets)]
        if self.pods:
            lines += [f"{CROWDED} (every budget x {FACTOR:g}):", *map(str, self.crowded_budgets)]
        alone = [one for one in (self.rules, self.pods) if one is not None]
        return "\n".join([*lines, *map(str, self.flows), *map(str, self.floods), *map(str, alone)])

    def json(self) -> str:
        """The same for scripts."""
        return json.dumps(
            {
                "load": self.what,
                "figures": {name: asdict(values) for name, values in self.figures.items()},
                "sum": asdict(self.total),
                "summed": self.peers,
                "notes": self.notes,
                "budgets": [_told(verdict) for verdict in self.budgets],
                "flood": [asdict(flow) for flow in self.flows],
                "steps": [asdict(flood) for flood in self.floods],
                "rules": asdict(self.rules) if self.rules else None,
                "pods": asdict(self.pods) if self.pods else None,
                "pods_budgets": [_told(verdict) for verdict in self.crowded_budgets],
                "large": asdict(self.large) if self.large else None,
                "large_budgets": [_told(verdict) for verdict in self.large_budgets],
            },
            indent=1,
        )


def _told(verdict: Verdict) -> dict[str, Any]:
    return asdict(verdict) | {"met": verdict.met}
