"""`opsconsole alerts check` beyond its verdicts: guides, patterns, the input, what it tells scripts."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from console.cli import main
from tests.console.alerts.files import HERE

GUIDE = """# Operations

Some words.

```yaml
- alert: Fine
  expr: up == 0
  for: 5m
- alert: Broken
  expr: sum(up
```

1. A step

   ```yaml
   groups:
     - name: inside
       rules:
         - alert: Nested
           expr: up == 0
           severity: page
   ```
"""


def test_the_rules_of_a_guide_are_checked_with_the_guides_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    guide = tmp_path / "guide.md"
    guide.write_text(GUIDE)
    assert main(["alerts", "check", str(guide)]) == 1
    said = capsys.readouterr().out
    assert f"{guide}:10: error: rule Broken: expr:" in said
    assert f"{guide}:21: error: rule Nested: a rule has no field severity" in said
    assert f"{guide}: 3 rules, 2 errors" in said


def test_a_guide_that_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    guide = tmp_path / "guide.md"
    guide.write_text("```yaml\nalert: One\nexpr: up == 0\n```\n")
    assert main(["alerts", "check", str(guide)]) == 0
    assert "1 rule, ok" in capsys.readouterr().out


def test_patterns_are_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts", "check", str(HERE / "good" / "[ae]*.yml")]) == 0
    said = capsys.readouterr().out
    assert "every_field.yml: 2 rules, ok" in said
    assert "anchors.yml: 3 rules, ok" in said


def test_the_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    text = (HERE / "bad" / "bad_for.yml").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    assert main(["alerts", "check", "-"]) == 1
    assert "standard input:4: error: rule A: for: unknown unit" in capsys.readouterr().out


@pytest.mark.parametrize("task", ["check", "test"])
def test_a_closed_standard_input_is_a_sentence(
    task: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", None)  # what `<&-` makes of it
    assert main(["alerts", task, "-"]) == 1
    assert "cannot be read: the standard input is closed" in capsys.readouterr().out


@pytest.mark.parametrize("task", ["check", "test"])
@pytest.mark.parametrize("name", ["nowhere.yml", "."])
def test_what_cannot_be_read_is_a_sentence(
    task: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["alerts", task, str(tmp_path / name)]) == 1
    assert "cannot be read: " in capsys.readouterr().out


def test_a_line_of_an_expression_of_several_lines(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "rules.yml"
    path.write_text(
        "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: |\n      up\n        and (\n      other\n"
    )
    assert main(["alerts", "check", str(path)]) == 1
    assert f"{path}:7: error: rule A: expr: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("expr", "histogram_count(x) > 5", "histogram_count"),
        ("annotations", "{a: '{{ template \"x\" }}'}", "template is not supported"),
        ("annotations", "{a: '{{ js .Value }}'}", "the function js is not supported"),
    ],
)
def test_what_only_we_refuse_is_told_apart(
    field: str, text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rules.yml"
    rule = {"expr": "up", field: text}
    lines = "".join(f"    {name}: {value}\n" for name, value in rule.items())
    path.write_text(f"groups:\n- name: g\n  rules:\n  - alert: A\n{lines}")
    assert main(["alerts", "check", str(path)]) == 1
    out = capsys.readouterr().out
    assert "not supported: rule A: " in out
    assert said in out
    assert "1 rule, 1 not supported here" in out
    assert "error" not in out
    assert main(["alerts", "check", str(path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["files"][0]["problems"][0]["kind"] == "unsupported"


def test_rules_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts", "check", str(HERE / "good" / "every_field.yml"), "--json"]) == 0
    [found] = json.loads(capsys.readouterr().out)["files"]
    assert found["ok"] is True
    assert found["rules"] == 2
    [group] = found["groups"]
    assert group["rules"][1] == {
        "alert": "Down", "expr": "job:up:sum == 0", "for": 5400, "keep_firing_for": 300, "line": 11,
    }  # fmt: skip


def test_a_secret_in_a_rule_is_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tests.yml"
    secret = "postgres://shop:hunter22@db/shop"
    path.write_text(
        f"tests:\n- input_series: [{{series: 'a{{url=\"{secret}\"}}', values: '1'}}]\n"
        "  promql_expr_test: [{expr: a, eval_time: 0s}]\n"
    )
    for options in ([], ["--json"]):
        assert main(["alerts", "test", str(path), *options]) == 1
        assert "hunter22" not in capsys.readouterr().out


def test_escapes_of_a_file_do_not_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rules.yml"
    path.write_text('groups: [{name: g, rules: [{alert: "A\\e[31m", expr: "sum(\\e[2J"}]}]\n')
    assert main(["alerts", "check", str(path)]) == 1
    assert "\x1b" not in capsys.readouterr().out
