"""What the gate asks for, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.config import Config
from console.errors import GateRefused
from console.guides.model import Risk, StepKind
from console.runs.gate import Confirmation, Friction, Question, Repeat, admit, decide, digest_of
from console.runs.target import Target
from tests.copies import replace

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
ASKED = Question(
    kind=StepKind.SHELL, risk=Risk.READ, command="df -h", digest="d", name="db-eu-1", now=NOW,
    locked=Target(host="db-eu-1"), target=Target(host="db-eu-1"),
)  # fmt: skip
ENTER = Confirmation(digest="d")
YES = Confirmation(digest="d", yes=True)
SHOWN = Confirmation(digest="d", shown=True)
NAME = Confirmation(digest="d", name="db-eu-1")
GIVEN = {Friction.NONE: ENTER, Friction.SHOWN: SHOWN, Friction.YES: YES, Friction.NAME: NAME}


@pytest.mark.parametrize(
    ("risk", "usual", "production"),
    [
        (Risk.READ, Friction.NONE, Friction.NONE),
        (Risk.UNKNOWN, Friction.SHOWN, Friction.YES),
        (Risk.CHANGE, Friction.YES, Friction.NAME),
        (Risk.DESTRUCTIVE, Friction.NAME, Friction.NAME),
    ],
)
def test_friction_follows_risk(risk: Risk, usual: Friction, production: Friction) -> None:
    for question, wanted in (
        (replace(ASKED, risk=risk), usual),
        (replace(ASKED, risk=risk, production=True), production),
    ):
        assert decide(question).friction is wanted
        for friction, given in GIVEN.items():
            if friction >= wanted:
                admit(question, given)
            else:
                with pytest.raises(GateRefused):
                    admit(question, given)


def test_a_confirmation_is_for_one_command() -> None:
    with pytest.raises(GateRefused, match="not the one that was confirmed"):
        admit(replace(ASKED, digest="other"), NAME)
    assert digest_of(StepKind.SHELL, "rm $X", {"X": "a"}) != digest_of(StepKind.SHELL, "rm $X", {"X": "b"})


def test_a_wrong_name_confirms_nothing() -> None:
    with pytest.raises(GateRefused, match="type db-eu-1"):
        admit(replace(ASKED, risk=Risk.DESTRUCTIVE), Confirmation(digest="d", name="db-eu-2", yes=True))


def test_what_went_well_just_now_asks_for_more() -> None:
    repeat = Repeat(at=NOW - timedelta(minutes=4), actor="ana")
    decision = decide(replace(ASKED, risk=Risk.CHANGE, repeat=repeat))
    assert decision.friction is Friction.NAME
    assert decision.warnings == ("already run 4m00s ago by ana, exit 0",)
    assert decide(replace(ASKED, repeat=repeat)).friction is Friction.NONE
    old = replace(repeat, at=NOW - timedelta(hours=2))
    assert decide(replace(ASKED, risk=Risk.CHANGE, repeat=old)).friction is Friction.YES


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (replace(ASKED, unwritable="disk full"), "the journal cannot be written: disk full"),
        (replace(ASKED, ended=True), "the run has ended"),
        (replace(ASKED, running=True), "running already"),
        (replace(ASKED, where="root@db"), "belongs to root@db"),
        (replace(ASKED, kind=StepKind.MANUAL), "nothing to run"),
        (replace(ASKED, command=" \n"), "nothing to run"),
        (replace(ASKED, missing=["service", "file"]), "no value is given for service, file"),
        (replace(ASKED, refused="bad value"), "bad value"),
        (replace(ASKED, read_only=True, risk=Risk.UNKNOWN), "only reading is allowed"),
        (replace(ASKED, read_only=True, risk=Risk.CHANGE), "only reading is allowed"),
        (
            replace(ASKED, risk=Risk.CHANGE, target=Target(host="db-eu-1", kubernetes="prod")),
            "kubernetes was not set, is prod",
        ),
    ],
)
def test_refused_whatever_is_confirmed(question: Question, reason: str) -> None:
    assert reason in decide(question).refusal
    for given in (*GIVEN.values(), Confirmation(digest="d", allow=Risk.DESTRUCTIVE, name="db-eu-1")):
        with pytest.raises(GateRefused) as refused:
            admit(question, given)
        assert refused.value.reason.startswith(decide(question).refusal[:20])


def test_reading_goes_on_though_the_target_drifted() -> None:
    admit(replace(ASKED, target=Target(host="other")), ENTER)
    admit(replace(ASKED, read_only=True), ENTER)


def test_unattended_no_more_than_was_allowed() -> None:
    for allow in Risk:
        for risk in Risk:
            given = Confirmation(digest="d", allow=allow)
            if risk <= allow:
                admit(replace(ASKED, risk=risk), given)
            else:
                with pytest.raises(GateRefused, match=f"--allow {risk.word}"):
                    admit(replace(ASKED, risk=risk), given)
    asked = replace(ASKED, risk=Risk.CHANGE, production=True)
    with pytest.raises(GateRefused, match="--target db-eu-1"):
        admit(asked, Confirmation(digest="d", allow=Risk.DESTRUCTIVE))
    admit(asked, Confirmation(digest="d", allow=Risk.CHANGE, name="db-eu-1"))


def test_the_target_is_what_the_tools_would_use(tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube/config").write_text("apiVersion: v1\ncurrent-context: prod-eu\nkind: Config\n")
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text('{"currentContext": "far"}')
    env = {"HOME": str(tmp_path), "DATABASE_URL": "postgresql://app:s3cret@db/shop"}
    target = Target.capture(Config(), env, "/srv")
    assert (target.kubernetes, target.docker, target.directory, target.name) == (
        "prod-eu", "far", "/srv", "prod-eu",
    )  # fmt: skip
    assert "s3cret" not in target.database
    (tmp_path / ".kube/config").write_text("current-context: dev\n")
    assert target.drift(Target.capture(Config(), env, "/srv")) == ("kubernetes was prod-eu, is dev",)
    elsewhere = Target.capture(Config(), {"HOME": "/nonexistent", "DOCKER_HOST": "tcp://x:1"}, "/srv")
    assert (elsewhere.kubernetes, elsewhere.docker, elsewhere.database) == ("", "tcp://x:1", "")
