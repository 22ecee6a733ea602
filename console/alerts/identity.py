"""Which alert is which: by its rule's name and its labels, as Prometheus and Alertmanager tell them apart."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache

from console.metrics import Labels
from console.text import clean

NAME = "alertname"
"""The label that holds the rule's name."""
RUN = "alert-"
"""Begins what stands as the run of an alert's entries in the journal."""


def named(rule: str, labels: Labels) -> dict[str, str]:
    """An alert's labels with its name among them: what matchers are held beside."""
    return {**dict(labels), NAME: rule}


@lru_cache(maxsize=8192)  # the same alerts are asked for at every evaluation
def identity(rule: str, labels: Labels) -> str:
    """A short name of an alert that is the same in every console: `alert-` and twelve digits."""
    pairs = sorted(named(rule, labels).items())
    text = "".join(f"{name}\0{value}\0" for name, value in pairs)
    return RUN + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def written(rule: str, labels: Mapping[str, str]) -> str:
    """An alert as PromQL writes a series: `DiskFull{mountpoint="/var"}`."""
    pairs = ",".join(f"{name}={quoted(value)}" for name, value in sorted(labels.items()) if name != NAME)
    return clean(f"{rule}{{{pairs}}}" if pairs else rule, 1000)


def quoted(text: str) -> str:
    """A label's value in quotes, as PromQL has it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
