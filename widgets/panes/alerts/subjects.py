"""Where else to look: the pane an alert's subject is in, and the runbook that goes with its rule."""

from __future__ import annotations

import re
from collections.abc import Mapping

from console.alerts.model import RuleStatus
from console.text import clean

_PREFIXES = (
    ("docker", r"container_|opsconsole_container"),
    ("kubernetes", r"kube_|kubelet_|opsconsole_kubernetes_"),
    ("postgres", r"pg_|opsconsole_pg_"),
    ("redis", r"redis_|opsconsole_redis_"),
    ("health", r"probe_"),
    ("logs", r"opsconsole_log_|log_"),
    ("system", r"node_|opsconsole_"),
)
"""Panes by how the metrics begin that they show; the first that fits."""
_SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "docker": ("name", "container", "container_name"),
    "kubernetes": ("pod",),
}
"""Labels by whose value rows are found in a pane's first view; in that of other panes there are none."""
_SPEAKERS = ("container", "name", "instance", "service")
"""Labels by whose value log lines are found."""
_NAMES = re.compile(r"(?<![A-Za-z0-9_:])[A-Za-z_:][A-Za-z0-9_:]*")


def subject_of(rule: RuleStatus, labels: Mapping[str, str]) -> tuple[str, str]:
    """The kind of the pane that shows what a rule is about, and a filter there; else the logs."""
    names = _NAMES.findall(rule.expression)
    for kind, prefix in _PREFIXES:
        if any(re.match(prefix, name) for name in names):
            found = next((labels[name] for name in _SUBJECTS.get(kind, ()) if labels.get(name)), "")
            return kind, _filter(found)
    found = next((labels[name] for name in _SPEAKERS if labels.get(name)), "")
    return "logs", _filter(found)


def _filter(text: str) -> str:
    """A label's value as a filter, where it is one word."""
    text = clean(text, 60)
    return text if re.fullmatch(r"[\w./-]+", text) else ""


def runbook_of(rule: RuleStatus) -> str:
    """The runbook that goes with a rule, as the drawer finds it; empty where none is known."""
    return clean(rule.runbook, 300).strip()
