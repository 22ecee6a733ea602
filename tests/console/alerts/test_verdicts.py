"""Our verdict on every file is promtool's: see test_promtool for whose word that is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.cli import main
from tests.console.alerts.files import HERE, VERDICTS, every


@pytest.mark.parametrize("path", every(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_verdict_is_promtools(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    task, code = VERDICTS[path.parent.name]
    assert main(["alerts", task, str(path)]) == code, capsys.readouterr().out


def test_there_are_enough_of_them() -> None:
    tests = [path for path in every() if VERDICTS[path.parent.name][0] == "test"]
    assert len(tests) >= 100
    assert len(every()) - len(tests) >= 60


def line_of(path: Path, text: str) -> int:
    return next(number for number, line in enumerate(path.read_text().split("\n"), 1) if text in line)


def test_a_failure_says_what_was_expected_what_came_and_where(capsys: pytest.CaptureFixture[str]) -> None:
    path = HERE / "failing" / "wrong_value.yml"
    assert main(["alerts", "test", str(path)]) == 1
    said = capsys.readouterr().out
    assert (
        f"{path}:{line_of(path, 'expr: ')}: wrong_value: expression rate(requests_total[5m]) at 10m" in said
    )
    assert '- {code="200", instance="a", job="api"} 42' in said
    assert '+ {code="200", instance="a", job="api"} 1' in said


def test_an_alert_that_is_not_as_expected_is_told_beside_what_came(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = HERE / "failing" / "wrong_annotation.yml"
    assert main(["alerts", "test", str(path)]) == 1
    said = capsys.readouterr().out
    assert "alert Kept at 1m" in said
    assert "-   summary: load was 8" in said
    assert "+   summary: load was 9" in said


def test_the_failures_of_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    path = HERE / "failing" / "second_test_fails.yml"
    assert main(["alerts", "test", str(path), "--json"]) == 1
    [found] = json.loads(capsys.readouterr().out)["files"]
    assert found["ok"] is False
    [failure] = found["failures"]
    assert failure["test"] == "second"
    assert failure["expected"] == ["{} 2"]
    assert failure["got"] == ["{} 1"]
    assert failure["line"] == line_of(
        path, "{expr: '1', eval_time: 0s, exp_samples: [{labels: '{}', value: 2}]}"
    )


def test_only_the_tests_named_are_carried_out(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(HERE / "failing" / "second_test_fails.yml")
    assert main(["alerts", "test", path, "--run", "fir.t"]) == 0
    assert main(["alerts", "test", path, "--run", "second|third"]) == 1
    assert main(["alerts", "test", path, "--run", "("]) == 2
    assert "--run ( is no regular expression" in capsys.readouterr().err
