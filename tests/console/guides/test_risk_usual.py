"""What operations guides usually run: reading is known, and nothing that changes is called reading."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.guides.model import Risk, StepKind
from console.guides.risk import risk_of


def usual() -> Iterator[tuple[str, str]]:
    """Each command of the table with its risk."""
    risk = ""
    for line in Path(__file__).with_name("usual.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.removeprefix("[").removesuffix("]").isalpha():
            risk = line[1:-1]
        elif line and not line.startswith("#"):
            yield line, risk


@pytest.mark.parametrize(("text", "risk"), usual())
def test_usual_commands(text: str, risk: str) -> None:
    assert risk_of(StepKind.SHELL, text).word == risk


def test_the_table_is_wide() -> None:
    risks = [risk for _, risk in usual()]
    assert {risk.word for risk in Risk} == set(risks)
    assert len(risks) > 600
