"""Groups of rules made at random, evaluated by us; promtool is asked whether it sees the same series."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

from console.alerts.promql import MemoryStore, Vector, evaluate, parse
from console.alerts.rules import read_rules
from console.alerts.states import GroupState
from console.alerts.testfile import read_tests
from console.alerts.unit import Feed, Kept, braced
from tests.servers.prometheus import program

GROUPS = 60
MINUTES = 15


def rules(chance: random.Random) -> str:
    """A group whose rules wait, are kept, build on each other, and have labels of templates."""
    lines = ["groups:", "  - name: g", "    rules:"]
    if chance.random() < 0.3:
        lines.insert(2, f"    query_offset: {chance.choice(['30s', '1m', '2m'])}")
    if chance.random() < 0.3:
        lines.insert(2, "    labels: {team: ops, severity: info}")
    for number in range(chance.randint(1, 4)):
        if chance.random() < 0.3:
            expression = chance.choice(["x", "sum(x)", "x > 4", "rate(x[3m])", "max by (h) (x) > 5"])
            lines += [f"      - record: r{number}", f"        expr: {expression}"]
            continue
        source = chance.choice(["x", "x", "r0", "r1", "max(x)", "x offset 1m", "rate(x[4m])", "absent(x)"])
        lines += [
            f"      - alert: A{number}",
            f"        expr: {source} {chance.choice(['>', '<', '>=', '=='])} {chance.randint(0, 9)}",
            f"        for: {chance.choice(['0s', '1m', '90s', '2m', '3m', '5m'])}",
            f"        keep_firing_for: {chance.choice(['0s', '0s', '1m', '90s', '3m'])}",
        ]
        if chance.random() < 0.5:
            label = chance.choice(["'{{ $value }}'", "'{{ $labels.h | toUpper }}'", "page", "''"])
            lines.append(f"        labels: {{severity: {label}}}")
    return "\n".join(lines) + "\n"


def series(chance: random.Random) -> str:
    """Values that come, stay, fail to come and end."""
    lines = []
    for host in "abc"[: chance.randint(1, 3)]:
        words = [chance.choice(["_", "stale", *"0123456789", "9", "9", "8"]) for _ in range(MINUTES + 1)]
        lines.append(f"      - {{series: 'x{{h=\"{host}\"}}', values: '{' '.join(words)}'}}")
    return "\n".join(lines)


def seen(text: str, group: str, directory: Path) -> tuple[str, bool]:
    """The same test with what we see at each minute as its expectations; whether all rules were well."""
    [tests] = read_tests(text, str(directory / "x.yml")).groups
    store, feed = Kept(), Feed(tests)
    state = GroupState(read_rules(group, "g.yml").groups[0], store)
    well = True
    for minute in range(MINUTES + 1):
        feed.until(minute * 60.0, store)
        well &= not any(outcome.error for _, outcome in state.evaluate(store, minute * 60.0))
    lines = ["    promql_expr_test:"]
    for minute in range(MINUTES + 1):
        for metric in ("ALERTS", "ALERTS_FOR_STATE", "r0", "r1"):
            lines.append(f"      - {{expr: {metric}, eval_time: {minute}m, exp_samples: [")
            lines += [
                f"          {{labels: '{labels}', value: {value!r}}},"
                for labels, value in given(store, metric, minute)
            ]
            lines.append("        ]}")
    return text + "\n".join(lines) + "\n", well


def given(store: MemoryStore, metric: str, minute: int) -> list[tuple[str, float]]:
    value = evaluate(parse(metric), store, minute * 60.0)
    assert isinstance(value, Vector)
    return [(braced(element.labels), element.value) for element in value.elements]


def test_random_groups_have_the_alerts_and_series_that_prometheus_has(tmp_path: Path) -> None:
    chance = random.Random(20261127)
    files = []
    for number in range(GROUPS):
        group = rules(chance)
        (tmp_path / f"{number}.rules.yml").write_text(group)
        text = (
            f"rule_files: [{number}.rules.yml]\nevaluation_interval: 1m\nfuzzy_compare: true\ntests:\n"
            f"  - interval: 1m\n    input_series:\n{series(chance)}\n"
        )
        found, well = seen(text, group, tmp_path)
        if well:
            path = tmp_path / f"{number}.yml"
            path.write_text(found)
            files.append(str(path))
    assert len(files) > GROUPS / 2
    done = subprocess.run(
        [program("promtool"), "test", "rules", *files],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
