"""Who carries a step out, by its kind: always a process under a supervisor, so that all end alike."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.config import Config, PostgresTarget, RedisTarget
from console.errors import GateRefused
from console.guides.model import Risk, Step, StepKind
from console.masks import Masks
from console.runs.binding import Bound, environment_name
from console.runs.child import Child, Order, Result, result_of, supervisor_of
from console.runs.clients import command_line
from console.runs.known import secret_names
from console.runs.mongo_text import as_file
from console.runs.run import Run, StepState
from console.runs.session import Call, Session, Until


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A step as it is to be carried out. `task` is what an act does, `until` what is waited for."""

    step: Step
    risk: Risk
    bound: Bound
    task: Mapping[str, Any] | None = None
    until: Until | None = None
    timeout: float | None = None


class Executors:
    """Makes the orders of steps."""

    def __init__(self, config: Config, env: Mapping[str, str]) -> None:
        self._config = config
        self._env = env
        self._secret = secret_names(env)

    def order(self, run: Run, job: Job, directory: Path, masks: Masks) -> Order:
        """What a supervisor is to do for a step.

        Raises OSError, or GateRefused when it cannot be done here.
        """
        call, data = self._call(run, job, directory)
        limits = [job.timeout, job.until.timeout if job.until is not None else None]
        soonest = min((one for one in limits if one is not None), default=None)
        state = str(Session(run.directory).state) if call.state_new else ""
        return Order(
            argv=call.argv, env=call.env, cwd=run.target.directory, directory=directory, input=data,
            secrets=masks.secrets, state=state, state_new=call.state_new, timeout=soonest,
            # what somebody watches ends with the watcher, whatever it does
            finishes=job.risk > Risk.READ and not job.step.background,
        )  # fmt: skip

    def interactive(self, run: Run, bound: Bound, directory: Path) -> Call:
        """How a shell step that wants the terminal is started by whoever has one. Raises OSError."""
        script = directory / "script"
        write_private(script, bound.text)
        return self._in_session(run, script, bound.env, bound.secret, keeps=False)

    def find(self, state: StepState) -> Child | Result | None:
        """What became of a step that was running: it still does, its result, or None when it was lost."""
        directory = state.spool
        if directory is None:
            return None
        if (result := result_of(directory)) is not None:
            return result
        if (pid := supervisor_of(directory)) is not None:
            return Child.found(directory, pid)
        return result_of(directory)  # it may have ended between the two looks

    def _call(self, run: Run, job: Job, directory: Path) -> tuple[Call, bytes]:
        kind, bound = job.step.kind, job.bound
        if kind is StepKind.SHELL:
            return self._shell(run, job, directory), b""
        if kind is StepKind.MONGO:
            return self._mongo(bound)
        if kind is StepKind.SQL:
            statements = [
                {
                    "pieces": [p if isinstance(p, str) else [p.index, p.quoted, p.bare] for p in one.pieces],
                    "values": one.values,
                    "line": one.line,
                }
                for one in bound.statements
            ]
            where = _address(self._config.postgres)
            return self._client("sql", where | {"read": job.risk is Risk.READ, "statements": statements})
        if kind is StepKind.REDIS:
            where = _address(self._config.redis)
            return self._client("redis", where | {"calls": bound.calls, "background": job.step.background})
        if kind is StepKind.ACT and job.task is not None:
            return self._client("act", job.task)
        raise GateRefused(f"a step of kind {kind} cannot be run", "do it by hand and tick it")

    def _shell(self, run: Run, job: Job, directory: Path) -> Call:
        script, values = directory / "script", dict(job.bound.env)
        write_private(script, job.bound.text if job.until is None else job.until.script())
        if job.until is not None:
            waited = directory / "waited"
            write_private(waited, job.bound.text)
            values |= {"OPS_WAITED": str(waited), "OPS_CONTAINS": job.until.contains}
        return self._in_session(run, script, values, job.bound.secret, keeps=not job.step.background)

    def _in_session(
        self, run: Run, script: Path, values: Mapping[str, str], secret: frozenset[str], *, keeps: bool
    ) -> Call:
        # what an earlier step made of a secret is kept by the name of that only: it must be there again
        again = {environment_name(name): run.values[name] for name in run.secret if run.values.get(name)}
        hidden = secret | again.keys() | self._secret
        return Session(run.directory).call(script, self._env, again | dict(values), hidden, keeps=keeps)

    def _client(self, name: str, task: Mapping[str, Any]) -> tuple[Call, bytes]:
        data = json.dumps(task).encode()
        return Call(command_line(f"console.runs.clients.{name}"), self._env), data

    def _mongo(self, bound: Bound) -> tuple[Call, bytes]:
        program = shutil.which("mongosh", path=self._env.get("PATH"))
        if program is None:
            raise GateRefused("mongosh is not installed here", "install it, or run this step where it is")
        address = self._env.get("MONGODB_URI") or self._env.get("MONGO_URL")
        # the address may hold a password, which everybody could read among the arguments
        connect = f"db = connect({json.dumps(address)});\n" if address else ""
        words = (program, "--quiet", *(["--nodb"] if address else []), "--file", "/dev/stdin")
        return Call(words, self._env), (connect + as_file(bound.text)).encode("utf-8", "surrogateescape")


def _address(targets: Sequence[PostgresTarget] | Sequence[RedisTarget]) -> dict[str, Any]:
    """Where the first configured server is; None: where the client itself looks."""
    first = targets[0] if targets else None
    return {"url": first.url, "password_command": first.password_command} if first else {"url": None}


def write_private(path: Path, text: str) -> None:
    """Write a new file that only the user may read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(text.encode("utf-8", "surrogateescape"))
