"""The shell's state between the steps of a run: how a step's shell is started, and what it is given.

A step is a process of its own; `session.bash` beside this file brings back variables, functions,
options and the directory, and writes them down again at its end. Killed, it leaves them as they were.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_BESIDE = Path(__file__).parent
_WAIT = """\
while :; do
  __ops_said=$(. "$OPS_WAITED" 2>&1)
  __ops_code=$?
  printf '%s\\n' "$__ops_said"
  case $__ops_said in
    *"$OPS_CONTAINS"*) [ "$__ops_code" -ne 0 ] || exit 0 ;;
  esac
  sleep {interval}
done
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Until:
    """What is waited for: the command exits 0 and prints `contains`. Seconds between looks and in all."""

    contains: str = ""
    interval: float = 5.0
    timeout: float = 300.0

    def script(self) -> str:
        """The shell text that runs `$OPS_WAITED` again and again; its supervisor ends it in time."""
        return _WAIT.format(interval=f"{self.interval:g}")


@dataclass(frozen=True, slots=True)
class Call:
    """A program to start: its words and its whole environment."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    state_new: str = ""
    """Where it writes the state it leaves; empty: it leaves none."""


class Session:
    """The carried state of one run, kept in `state` in the run's directory (0600)."""

    def __init__(self, directory: Path) -> None:
        self.state = directory / "state"

    def forget(self) -> None:
        """Let go of the state: the run is closed, and what it holds may be secret."""
        with contextlib.suppress(OSError):
            self.state.unlink()

    def call(
        self,
        script: Path,
        env: Mapping[str, str],
        values: Mapping[str, str],
        secret: frozenset[str] = frozenset(),
        *,
        keeps: bool = True,
    ) -> Call:
        """How to run a script in this session.

        `values` are the variables' (environment names to values), of which `secret` must not be written
        down. `keeps`: the state it leaves is for the next step; not for one in the background.
        """
        bash = shutil.which("bash", path=env.get("PATH"))
        new = str(script.with_name("state.new"))
        given = {
            **env, **values,
            "OPS_STATE": str(self.state), "OPS_STATE_NEW": new, "OPS_SECRET_NAMES": " ".join(sorted(secret)),
        }  # fmt: skip
        kept = new if keeps else ""
        if bash is not None:
            given["BASH_ENV"] = str(_BESIDE / "session.bash")
            return Call((bash, "--noprofile", "--norc", str(script)), given, kept)
        given["OPS_STEP"] = str(script)
        return Call(("/bin/sh", str(_BESIDE / "session.sh"), str(script)), given, kept)
