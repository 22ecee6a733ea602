"""Rule files as read: what a rule holds, where it stands, and that one broken rule leaves the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.alerts.durations import duration, written
from console.alerts.nodes import MOST
from console.alerts.rules import read_rules, rules_of_guide
from console.guides.model import AlertText
from console.guides.reading import read_text
from console.metrics import labels

TEXT = """groups:
  - name: g
    interval: 30s
    limit: 3
    query_offset: 0s
    labels: {team: ops, severity: info}
    rules:
      - alert: Down
        expr: up == 0
        for: 1h30m
        keep_firing_for: 5m
        labels: {severity: page}
        annotations: {summary: '{{ $value }}'}
      - record: job:up
        expr: |
          sum by (job) (
            up
          )
"""


def test_what_a_file_holds() -> None:
    found = read_rules(TEXT, "rules.yml")
    assert not found.problems
    [group] = found.groups
    assert (group.name, group.interval, group.limit, group.query_offset) == ("g", 30, 3, 0)
    assert (group.file, group.line) == ("rules.yml", 2)
    down, record = group.rules
    assert (down.alert, down.name, down.hold, down.keep_firing_for) == ("Down", "Down", 5400, 300)
    assert down.labels == labels(team="ops", severity="page")
    assert down.annotations == (("summary", "{{ $value }}"),)
    assert (down.file, down.line, down.expression.text) == ("rules.yml", 8, "up == 0")
    assert (record.record, record.name, record.line) == ("job:up", "job:up", 14)


def test_a_broken_rule_leaves_the_others() -> None:
    found = read_rules(TEXT.replace("up == 0", "up == ("), "rules.yml")
    assert [rule.name for rule in found.groups[0].rules] == ["job:up"]
    [problem] = found.errors
    assert (problem.file, problem.line, problem.rule, problem.group) == ("rules.yml", 9, "Down", "g")
    [rule] = found.broken
    assert (rule.name, rule.group, rule.problem) == ("Down", "g", problem)


def test_a_bare_list_is_a_guides_way() -> None:
    text = "- alert: A\n  expr: up\n- alert: B\n  expr: down\n"
    found = read_rules(text, "guide.md", first=40, bare=True)
    assert [(rule.name, rule.line) for rule in found.groups[0].rules] == [("A", 40), ("B", 42)]
    [problem] = read_rules(text, "rules.yml").errors
    assert "put the rules into a group" in problem.reason


def test_the_rules_of_a_guide() -> None:
    guide = read_text(
        "# G\n\n```yaml\n- alert: A\n  expr: |\n    up  # all of them\n    == 0\n  for: 5m\n"
        "  keep_firing_for: 1m\n  labels: {severity: page}\n- alert: B\n  expr: up ==\n"
        "- alert: C\n  expr: up\n  for: soon\n```\n",
        "guide.md",
    )
    found = rules_of_guide(guide.rules, guide.path)
    [group] = found.groups
    [rule] = group.rules
    assert (rule.alert, rule.hold, rule.keep_firing_for, rule.line) == ("A", 300, 60, 4)
    assert rule.expression.text == "up   == 0"
    assert [(one.name, one.problem.line) for one in found.broken] == [("B", 11), ("C", 13)]
    assert "not a valid duration" in found.broken[1].problem.reason


def test_groups_of_a_guide_stay_groups() -> None:
    rules = [AlertText(alert=name, expr="up", line=1, group=group) for name, group in (("A", "x"), ("B", ""))]
    assert [group.name for group in rules_of_guide(rules, "g.md").groups] == ["x", ""]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("5m", 300),
        ("1h30m", 5400),
        ("1d", 86400),
        ("2w", 1209600),
        ("1y", 31536000),
        ("1500ms", 1.5),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds
    assert duration(written(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "1m1h", "-5m", "5 m", "1.5h", "99999999y", "5mm"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        duration(text)


def test_a_bomb_of_aliases_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    [problem] = read_rules("\n".join(lines), "rules.yml").errors
    assert f"more than {MOST} values" in problem.reason


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [*a]",
        "groups: &g [*g]",
        "groups: [&g {name: g, <<: *g}]",
        "[" * 100_000,
        "- " * 50_000,
        "groups:\n" + " " * 5000 + "- a",
        "\0",
        "\x1b[2J: x",
        "? [a]\n: b",
        "!!python/object:os.system x",
        "groups: [{name: g, rules: [{alert: A, expr: up, labels: {? [a] : b}}]}]",
        "%YAML 9.9\n---\na",
        "\ud800",
    ],
)
def test_hostile_yaml_is_a_problem_and_no_exception(text: str) -> None:
    found = read_rules(text, "rules.yml", bare=True)
    assert found.problems or not found.count


PIECES = st.sampled_from(
    [
        "groups:",
        "- name: g",
        "rules:",
        "- alert: A",
        "- record: r",
        "expr: up",
        "for: 5m",
        "labels:",
        "{a: b}",
        "annotations:",
        "'{{ $value }}'",
        "  ",
        "\n",
        "\n  ",
        "\n    ",
        "[",
        "]",
        "{",
        "}",
        ": ",
        "- ",
        "|",
        "&a",
        "*a",
        "<<: ",
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_text_is_read_without_an_exception(text: str) -> None:
    read_rules(text, "rules.yml", bare=True)
