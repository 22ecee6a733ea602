"""What one step's shell leaves behind for the next one's."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from console.runs.session import Session, Until


class Shell:
    """Steps of one session, as a supervisor would run them."""

    def __init__(
        self, directory: Path, path: str = os.environ["PATH"], extra: Mapping[str, str] | None = None
    ) -> None:
        self.session = Session(directory)
        self._directory = directory
        self._env = {"PATH": path, "HOME": "/root", "GONE": "soon", **(extra or {})}

    def step(
        self, text: str, values: Mapping[str, str] | None = None, secret: frozenset[str] = frozenset()
    ) -> tuple[int, str]:
        """Exit code and output of a step."""
        script = self._directory / "script"
        script.write_text(text)
        call = self.session.call(script, self._env, values or {}, secret)
        done = subprocess.run(
            call.argv, env=dict(call.env), cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False, timeout=60,
        )  # fmt: skip
        new = Path(call.state_new)
        if new.exists() and new.read_text().endswith("# whole\n"):
            new.rename(self.session.state)
        return done.returncode, done.stdout


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_variables_functions_options_and_directory(shell: Shell) -> None:
    code, _ = shell.step(
        "X=1; export Y='a b'; arr=(1 'two three'); declare -A m=([k]='v w'); declare -i n=4; readonly RO=5\n"
        "f() { echo \"f $1\"; }; cd /usr; Z=$'multi\\nline'; shopt -s nullglob; set -o pipefail; unset GONE\n"
        'IFS=:; Q="it\'s \\$HOME `echo x` \\""'
    )
    assert code == 0
    _, said = shell.step(
        'printf "%s|" "$X" "$Y" "${arr[1]}" "${m[k]}" "$n" "$RO" "$Z" "$Q" "${GONE-gone}" "$IFS"; f x; pwd;'
        "env | grep -c '^Y=a b'; env | grep -c ^X=\n"
        "shopt -q nullglob && [[ -o pipefail ]] && echo options; n+=1; echo $n"
    )
    assert said == (
        "1|a b|two three|v w|4|5|multi\nline|it's $HOME x \"|gone|:|f x\n/usr\n1\n0\noptions\n5\n"
    )


def test_the_exit_code_is_the_step_s_own(shell: Shell) -> None:
    assert shell.step("A=1; exit 3") == (3, "")
    assert shell.step('echo "$A"; false') == (1, "1\n")
    assert shell.step("set -e; B=2; false; echo never") == (1, "")
    assert shell.step('false; echo "$A$B"') == (0, "12\n")  # set -e is not for the next one


def test_killed_it_leaves_what_was_before(shell: Shell) -> None:
    shell.step("A=before")
    assert shell.step("A=after; kill -9 $$")[0] == -9
    assert shell.step("echo $A") == (0, "before\n")


def test_a_step_s_own_traps_run(shell: Shell) -> None:
    assert shell.step("trap 'echo bye $?' EXIT; A=1; exit 4") == (4, "bye 4\n")
    assert shell.step("trap 'echo two' 0; trap - EXIT; echo $A") == (0, "1\n")
    assert shell.step("trap 'exit 9' EXIT; C=3; false") == (9, "")
    assert shell.step("(trap 'echo inner' EXIT; true); echo outer $C") == (0, "inner\nouter 3\n")
    assert shell.step("trap 'echo int; exit 7' INT EXIT; kill -INT $$; sleep 5") == (7, "int\nint\n")
    assert shell.step("trap -- 'echo dashes' EXIT") == (0, "dashes\n")
    assert shell.step("trap 'echo debug' DEBUG; D=1")[0] == 0
    assert shell.step("echo $D") == (0, "1\n")


def test_options_that_break_scripts_do_not_break_the_saving(shell: Shell) -> None:
    assert shell.step("set -euo pipefail; set -f; set -C; A=1; IFS=, ; cd /tmp")[0] == 0
    code, said = shell.step('echo "$A"; pwd; [[ -o nounset ]] && echo kept; set +u; echo "$NOT_SET"')
    assert (code, said) == (0, "1\n/tmp\nkept\n\n")
    assert shell.step("set -x; B=2")[1].startswith("+ B=2")
    assert "2" in shell.step("{ set +x; } 2>/dev/null; echo $B")[1]
    assert shell.step("set -o posix; E=5") == (0, "")
    assert shell.step("set +o posix; echo $E")[1] == "5\n"


def test_a_directory_that_is_gone_is_said(shell: Shell, tmp_path: Path) -> None:
    shell.step(f"mkdir {tmp_path}/x; cd {tmp_path}/x; A=1")
    (tmp_path / "x").rmdir()
    code, said = shell.step("echo $A")
    assert code == 0
    assert "No such file or directory" in said
    assert said.endswith("1\n")


def test_secrets_are_not_written_down(shell: Shell) -> None:
    values = {"OPS_PW": 's3cr\'et $x "q"', "OPS_N": "plain"}
    secret = frozenset({"OPS_PW"})
    shell.step(
        'export PGPASSWORD="pre-$OPS_PW-$OPS_PW"; L=("$OPS_PW"); both=$OPS_PW; other=$OPS_N\n'
        'g() { echo "$OPS_PW"; }',
        values, secret,
    )  # fmt: skip
    assert "s3cr" not in shell.session.state.read_text()
    _, said = shell.step(
        'echo "$PGPASSWORD|$both|${L-none}|$other"; g; env | grep -c ^PGPASSWORD', values, secret
    )
    value = values["OPS_PW"]
    assert said == f"pre-{value}-{value}|{value}|none|plain\n{value}\n1\n"


def test_secrets_of_the_environment_are_not_written_down_either(tmp_path: Path) -> None:
    shell = Shell(tmp_path, extra={"PGPASSWORD": "env-s3cret", "DB_URL": "postgres://u:env-s3cret@h/d"})
    secret = frozenset({"PGPASSWORD", "DB_URL"})
    shell.step('A=7; copy="<$PGPASSWORD>"', secret=secret)
    assert "s3cret" not in shell.session.state.read_text()
    said = shell.step('echo "$A $copy $PGPASSWORD $DB_URL"', secret=secret)[1]
    assert said == "7 <env-s3cret> env-s3cret postgres://u:env-s3cret@h/d\n"
    shell.step("export PGPASSWORD=another", secret=secret)
    assert shell.step('echo "$PGPASSWORD $copy"', secret=secret) == (0, "another <env-s3cret>\n")


def test_the_shell_s_children_know_nothing_of_it(shell: Shell) -> None:
    _, said = shell.step("bash -c 'env; trap' | grep -E 'BASH_ENV|OPS_STATE|__ops'; env | grep -c BASH_ENV")
    assert said == "0\n"


def test_waiting_for_something(shell: Shell, tmp_path: Path) -> None:
    waited = tmp_path / "waited"
    waited.write_text(f"echo x >>{tmp_path}/count; cat {tmp_path}/count | wc -l; exit 0\n")
    script = Until(contains="3", interval=0.01, timeout=30).script()
    code, said = shell.step(script, {"OPS_WAITED": str(waited), "OPS_CONTAINS": "3"})
    assert (code, said.split()) == (0, ["1", "2", "3"])


def test_without_bash_variables_and_directory_are_carried(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("env", "grep", "dash"):
        found = shutil.which(name)
        assert found is not None
        (programs / name).symlink_to(found)
    shell = Shell(tmp_path, str(programs))
    assert shell.step("X='a b'; export Y=2; cd /usr; exit 3") == (3, "")
    values = {"OPS_PW": "s3cret"}
    assert shell.step('echo "$X $Y"; pwd', values, frozenset({"OPS_PW"})) == (0, "a b 2\n/usr\n")
    assert "s3cret" not in shell.session.state.read_text()
    assert shell.step('Z=1; Y="<$OPS_PW>"', values, frozenset({"OPS_PW"}))[0] == 0
    assert "s3cret" not in shell.session.state.read_text()
    assert shell.step('echo "$X $Y ${Z-}"', values, frozenset({"OPS_PW"})) == (0, "a b 2 \n")
