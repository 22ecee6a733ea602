"""`:logs app=web,tier!=db shop @eu-1`: the lines of the pods with these labels, followed in the log pane."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from console.collector import Selecting
from console.errors import OpsError
from console.text import clean
from screens import clusters
from screens.asking import select

if TYPE_CHECKING:
    from console.metrics import Labels
    from screens.app import OpsConsole

WORDS = ("logs", "log")
"""The words of the command, which without a selector are the pane's."""
TAKES = "SELECTOR [NAMESPACE] [@CONTEXT], the lines of pods by label: app=web,tier!=db or -l 'app in (a,b)'"
"""What belongs to it, in words."""
OFFERED = 200
"""Labels the prompt completes to: those of the most pods."""
_SELECTOR = re.compile(r"""-l\b|--selector\b|!?[A-Za-z0-9][\w./-]*\s*(?:=|!=|\s(?:not)?in\s*\()""", re.ASCII)
_OPTION = re.compile(r"(?:-l|--selector)[\s=]*")
_LAST = re.compile(r"(logs?\s+(?:-l\s*)?(?:\S*,\s*)?)([^\s,()]+)$", re.IGNORECASE)
_PLACE = re.compile(r"(logs?\s+(?:-l\s+)?\S+\s+(?:\S+\s+)?)(\S+)$", re.IGNORECASE)


def meant(app: OpsConsole, word: str, rest: str) -> bool:
    """Whether a command asks for lines by label, and not for the lines that a filter lets through."""
    return word in WORDS and {"kubernetes", "logs"} <= set(app.kinds) and bool(_SELECTOR.match(rest))


def show_lines(app: OpsConsole, rest: str) -> None:
    """Follow the lines of the pods with these labels, and show them."""
    from console.sources.kubernetes.selected import written
    from console.sources.kubernetes.selectors import parse, read
    from widgets.panes.kubernetes.rows import exactly

    context, *_ = app.scene.context("kubernetes")
    if context is None or context.snapshot is None:
        app.tell("no cluster has answered yet whose pods could be meant")
        return
    if app.paused:
        app.tell("only the present can be asked for: p goes on")
        return
    try:
        quoted, place = _quoted(_OPTION.sub("", rest, count=1) if rest.startswith("-") else rest)
        selector, place = (parse(quoted), place) if quoted else read(place)
    except OpsError as error:
        hint = "" if rest.startswith("-") else _filter_hint(rest.split()[0])
        app.tell(f"{error}{hint}", "error")
        return
    found = clusters.read_place(app, "logs SELECTOR", place, context.snapshot, context.snapshot)
    if found is None:
        return
    namespace, name = found
    there = list(_labels(context.snapshot, namespace, name))
    if not any(map(selector.matches, there)) and not (name and not clusters.watched(context.snapshot, name)):
        short = not rest.startswith("-")
        app.tell(_nothing(selector, written(selector, namespace, name), there, short), "error")
        return
    if name and not clusters.use(app, context.snapshot, name):
        return
    source = context.feed.source
    if not isinstance(source, Selecting):
        app.tell("the lines of these pods cannot be asked for")
        return
    selection = source.selection(str(selector), namespace, name)
    select(app, selection)
    app.zoom("logs", filter_text=exactly(selector=selection.text))


def complete(app: OpsConsole, value: str) -> str | None:
    """The command with its last word complete: a label, a namespace, a context; None where none is known."""
    context, *_ = app.scene.context("kubernetes")
    if context is None or context.snapshot is None or "logs" not in app.kinds:
        return None
    snapshot = context.snapshot
    found = _LAST.match(value)
    if found is not None:
        negated, word = ("!", found[2][1:]) if found[2].startswith("!") else ("", found[2])
        words = offered(snapshot)
        if negated:
            words = list(dict.fromkeys(pair.partition("=")[0] for pair in words))
        elif "!=" in word:
            words = [pair.replace("=", "!=", 1) for pair in words]
        return _completed(found[1] + negated, word, words) if word else None
    found = _PLACE.match(value)
    if found is None:
        return None
    places = [*clusters.namespaces(snapshot), *(f"@{each.name}" for each in snapshot.contexts)]
    return _completed(found[1], found[2], places)


def _completed(before: str, word: str, known: Sequence[str]) -> str | None:
    found = next((one for one in known if one.startswith(word) and one != word), None)
    return before + found if found is not None else None


def offered(snapshot: Any) -> list[str]:
    """The labels of pods as a selector has them; those of the most pods first, one that one pod has last."""
    alike = Counter(pod.labels for cluster in snapshot.clusters for pod in cluster.pods)
    counts: Counter[str] = Counter()
    for labels, count in alike.items():
        for name, value in labels:
            counts[f"{name}={value}"] += count
    return sorted(counts, key=lambda pair: (-counts[pair], pair))[:OFFERED]


def _quoted(text: str) -> tuple[str, str]:
    """What stands in quotes at the beginning, as in a shell, and the rest."""
    mark = text[:1]
    if mark not in ('"', "'") or mark not in text[1:]:
        return "", text
    inner, _, rest = text[1:].partition(mark)
    return inner, rest


def _labels(snapshot: Any, namespace: str, context: str) -> Iterator[Mapping[str, str]]:
    """The labels of the pods of a place, each that differ once."""
    seen: set[Labels] = set()
    for cluster in snapshot.clusters:
        if context in ("", cluster.context):
            seen.update(pod.labels for pod in cluster.pods if namespace in ("", pod.namespace))
    return map(dict, seen)


def _nothing(selector: Any, text: str, there: Sequence[Mapping[str, str]], short: bool) -> str:
    from console.sources.kubernetes.selectors import near

    close, told = near(selector, there), f"no pod matches {clean(text, 120)}"
    if close:
        return f"{told} (did you mean {close}?)"
    return told + (_filter_hint(str(selector)) if short else "")


def _filter_hint(word: str) -> str:
    """How to have what was meant for a filter and looks like a selector."""
    return f"; a filter of lines is written text:{clean(word, 40)}"
