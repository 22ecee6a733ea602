"""What the gate is asked about a step: the command with its values, its risk, the target, the past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from console.clock import Clock
from console.config import Config
from console.guides.model import Risk, Step, StepKind
from console.runs import gate
from console.runs.binding import Bound, Unbindable, bind, occurrences, resolved
from console.runs.gate import Confirmation, Friction, Question
from console.runs.past import Past
from console.runs.run import Run, Status, StepState
from console.runs.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would run and what it needs, before anybody has decided anything."""

    command: str
    """With its values in it, secrets masked; its lines and bytes as they are."""
    risk: Risk
    friction: Friction
    name: str
    """What is typed where a name is asked for."""
    digest: str
    """Goes into the Confirmation: of exactly what would run."""
    warnings: tuple[str, ...] = ()
    refusal: str = ""
    """Why it may not run at all; empty when it may."""
    fix: str = ""
    edited: bool = False
    recorded: bool = False
    """It is an entry of the journal and nothing else: no system is touched."""

    def confirm(self, *, yes: bool = False, name: str = "", allow: Risk | None = None) -> Confirmation:
        """A Confirmation for what was shown here."""
        return Confirmation(digest=self.digest, shown=True, yes=yes, name=name, allow=allow)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the command bound for it (None where it cannot be), and how it reads."""

    question: Question
    bound: Bound | None
    shown: str
    resolved: str = ""
    """The fingerprint of what would run without its secrets: what a repetition is known by."""

    def preview(self, edited: bool, command: str) -> Preview:
        """As people are shown it; `command` is the text with everything secret masked."""
        decision = gate.decide(self.question)
        return Preview(
            command=command, risk=self.question.risk, friction=decision.friction, name=self.question.name,
            digest=self.question.digest, warnings=decision.warnings, refusal=decision.refusal,
            fix=decision.fix, edited=edited,
        )  # fmt: skip


class Asking:
    """Puts questions together."""

    def __init__(self, config: Config, env: Mapping[str, str], past: Past, clock: Clock) -> None:
        self._config = config
        self._env = env
        self._past = past
        self._clock = clock

    def capture(self, directory: str = "") -> Target:
        """The target as it is now."""
        return Target.capture(self._config, self._env, directory)

    def ask(
        self, run: Run | None, state: StepState, command: str | None, name: str, unwritable: str,
        extra: Mapping[str, str],
    ) -> Asked:  # fmt: skip
        """The question for a step. `name` is typed to confirm, `extra` more that decides what runs."""
        step = state.step
        text = step.command if command is None else command
        values = run.values if run else {}
        open_ = {one.variable.name for one in occurrences(text, step.variables)} | _carried(run, step)
        missing = sorted(name for name in open_ if not values.get(name))
        bound, refused = None, ""
        if not missing:
            try:
                bound = bind(step.kind, text, step.variables, values)
            except Unbindable as error:
                refused = str(error)
        given = {**(bound.env if bound else {}), **extra}
        digest = gate.digest_of(step.kind, bound.text if bound else text, given)
        shown = bound.shown if bound is not None else resolved(step, values, command)
        # not the digest above: it is written down, and would tell a short secret to whoever tries them all
        known_by = gate.digest_of(step.kind, shown, extra)
        target = self.capture(run.target.directory if run else "")
        profile = self._config.profiles.get(self._config.profile)
        question = Question(
            kind=step.kind, risk=_risk(step, shown), command=text, digest=digest,
            name=name or target.name, where=step.where, read_only=self._config.runs.read_only,
            production=profile is not None and profile.production, locked=run.target if run else None,
            target=target, repeat=self._past.repeat(known_by), now=self._clock.now(), missing=missing,
            refused=refused, unwritable=unwritable, ended=run is not None and run.ended is not None,
            running=state.status is Status.RUNNING,
        )  # fmt: skip
        return Asked(question, bound, shown, known_by)


def _carried(run: Run | None, step: Step) -> set[str]:
    """Secrets that earlier steps were given: the shell's state holds what was made of them by name only."""
    if run is None or step.kind is not StepKind.SHELL:
        return set()
    begun = [state.step for state in run.states if state.attempt and state.step.kind is StepKind.SHELL]
    return {variable.name for one in begun for variable in one.variables if variable.secret}


def edited(step: Step, command: str | None) -> bool:
    """Whether a command is not the guide's."""
    return command is not None and command != step.command


def _risk(step: Step, shown: str) -> Risk:
    """Of what would run, with its values or edited: judged anew, and never found milder than in the guide."""
    if shown == step.command or step.kind in (StepKind.ACT, StepKind.MANUAL):
        return step.risk
    from console.guides.risk import risk_of

    return max(step.risk, risk_of(step.kind, shown))
