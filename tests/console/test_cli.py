"""The command line as its users meet it: a process, its exit code, and what it says where."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import psutil
import pytest

from console import config
from console.arguments import SHELLS, THEMES
from console.collector import Feed
from console.doctor import _source
from console.history import History
from console.look import Seen
from console.sources.base import Reading
from tests.patience import BUSY, PATIENCE
from tests.servers.redis import RedisServer, wheel_redis
from tests.widgets.fakes import FakeSnapshot, FakeSource

Answer = subprocess.CompletedProcess[str]

COMMANDS = ("demo", "status", "doctor", "config", "journal", "completion")
HEADLESS = (["status", "--only", "system"], ["doctor"], ["config"], ["completion", "bash"], ["--help"])


class Shell:
    """Runs `opsconsole` in an environment and a directory of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TERM": "xterm-256color",
            "LC_ALL": "C.UTF-8",
            **{name: os.environ[name] for name in ("COVERAGE_PROCESS_START",) if name in os.environ},
        }

    def command(self, *words: str) -> list[str]:
        """The whole command line."""
        return [sys.executable, "-P", "-m", "console", *words]

    def __call__(self, *words: str, **env: str) -> Answer:
        """Run it to its end without a terminal."""
        return subprocess.run(
            self.command(*words),
            env=self.env | env,
            cwd=self.home,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    def json(self, *words: str, **env: str) -> Any:
        """What it prints, read as JSON."""
        return json.loads(self(*words, "--json", **env).stdout)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A home with nothing in it."""
    return Shell(tmp_path)


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    """A real Redis, always there."""
    with RedisServer(wheel_redis(), settings={"maxmemory": "100mb"}) as server:
        server.cli("SET", "a", "1")
        yield server


def fails(answer: Answer, *told: str) -> None:
    """It ended with 2, one sentence, and no traceback."""
    assert answer.returncode == 2, answer
    assert answer.stdout == ""
    assert answer.stderr.count("\n") == 1, answer.stderr
    assert answer.stderr.startswith("opsconsole: ")
    for words in told:
        assert words in answer.stderr


# -- usage


def test_version_and_help_answer_at_once(shell: Shell) -> None:
    for option in ("--version", "--help"):
        took = []
        for _ in range(5):
            before = os.times()
            assert shell(option).returncode == 0
            after = os.times()
            # what it worked, whoever else had the processors meanwhile
            took.append(sum(after[2:4]) - sum(before[2:4]))
        assert min(took) < 0.2
    assert shell("--version").stdout.startswith("opsconsole ")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(shell: Shell, command: str) -> None:
    answer = shell(command, "--help")
    assert answer.returncode == 0
    assert "examples:\n" in answer.stdout
    assert f"opsconsole {command}" in answer.stdout.partition("examples:")[2]
    assert command in shell("--help").stdout


def test_themes_are_those_of_the_configuration() -> None:
    assert get_args(config.Theme) == THEMES


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["stauts"], 'command "stauts" is not known (did you mean status?)'),
        (["status", "--jsn"], "opsconsole status has no option --jsn (did you mean --json?)"),
        (["--verison"], "opsconsole has no option --verison (did you mean --version?)"),
        (["status", "--js"], "has no option --js (did you mean --json?)"),
        (["status", "now"], 'opsconsole status does not take "now"'),
        (["--theme", "ops-lite", "config"], '--theme: "ops-lite" is not known (did you mean ops-light?)'),
        (["config", "--interval", "x"], '--interval: interval = "x" cannot be used: it takes a number'),
        (["config", "--interval", "-1"], "--interval"),
        (["config", "--interval"], "--interval: expected one argument: see opsconsole config --help"),
        (["config", "--config", "/no/such"], "/no/such does not exist"),
        (["config", "--config", "/"], "/ is a directory"),
        (["config", "--config", "/dev/zero"], "/dev/zero is not a regular file"),
        (["config", "--config", "/bin/sh"], "/bin/sh"),
        (["config", "--profile", "prod"], '--profile: there is no profile "prod"'),
        (["status", "--only", "reddis"], 'there is no kind "reddis" (did you mean redis?)'),
        (["status", "--only", ""], "there is no kind"),
        (["completion"], "required: SHELL"),
        (["completion", "fsh"], '"fsh" is not known (did you mean fish?)'),
        (["\x1b[31mred"], 'command "\\x1b[31mred" is not known'),
        (["config", "--profile", "\x1b[31mred"], "␛[31mred"),
    ],
)
def test_a_wrong_command_line_is_one_sentence(shell: Shell, words: list[str], told: str) -> None:
    fails(shell(*words), told)


@pytest.mark.parametrize("words", [[], ["demo"], ["demo", "--seconds", "1"]])
def test_the_console_wants_a_terminal(shell: Shell, words: list[str]) -> None:
    fails(shell(*words), "needs a terminal", "opsconsole status")


def on_a_terminal(shell: Shell, *words: str, env: dict[str, str], without: str = "") -> tuple[int, str]:
    """Exit code and output of a command whose input, output and errors are a terminal, less one."""
    ours, theirs = pty.openpty()
    streams: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
    if without:
        streams[without] = subprocess.DEVNULL
    with subprocess.Popen(shell.command(*words), env=shell.env | env, cwd=shell.home, **streams) as process:
        os.close(theirs)
        said = b""
        while True:
            try:
                said += (data := os.read(ours, 4096))
            except OSError:  # how Linux tells that the other end is closed
                break
            if not data:
                break
        os.close(ours)
        return process.wait(60), said.decode()


@pytest.mark.parametrize("term", ["dumb", "", "unknown"])
def test_a_terminal_that_cannot_draw_is_told(shell: Shell, term: str) -> None:
    code, said = on_a_terminal(shell, env={"TERM": term})
    assert code == 2
    assert "so nothing can be drawn: try TERM=xterm-256color, or use opsconsole status" in said


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_one_stream_elsewhere_is_enough_to_refuse(shell: Shell, stream: str) -> None:
    code, said = on_a_terminal(shell, env={}, without=stream)
    assert code == 2
    assert stream == "stderr" or "needs a terminal" in said


def test_wrong_seconds_are_told_before_anything_starts(shell: Shell) -> None:
    code, said = on_a_terminal(shell, "demo", "--seconds", "-3", env={})
    assert code == 2
    assert '--seconds "-3" is not a number above 0' in said


@pytest.mark.parametrize("name", SHELLS)
def test_completion_names_every_command(shell: Shell, name: str) -> None:
    answer = shell("completion", name)
    assert answer.returncode == 0
    assert all(command in answer.stdout for command in COMMANDS)
    if name == "bash":
        subprocess.run(["bash", "-n"], input=answer.stdout, text=True, check=True)


@pytest.mark.parametrize("words", HEADLESS, ids=lambda words: " ".join(words))
def test_headless_commands_never_load_textual(shell: Shell, words: list[str]) -> None:
    code = (
        "import sys\nfrom console.cli import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
        "sys.exit('textual' in sys.modules or 'screens' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], env=shell.env, capture_output=True, check=False
    )
    assert done.returncode == 0


# -- ways to be interrupted


def test_a_reader_that_leaves_is_no_error(shell: Shell) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        shell.command("config"), env=shell.env, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("words", [["config"], ["--help"], ["status", "--help"], ["--version"]])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_told(shell: Shell, words: list[str], unbuffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            shell.command(*words),
            env=shell.env | {"PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "opsconsole: the output cannot be written: No space left on device\n"


@pytest.mark.parametrize("words", [["nonsense"], ["config", "--config", "/nowhere"], ["journal", "show"]])
def test_where_nobody_can_be_told_the_exit_code_tells(shell: Shell, words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with Path("/dev/full").open("w") as full:
        for errors in (full, writing):
            done = subprocess.run(
                shell.command(*words), env=shell.env, stdout=subprocess.PIPE, stderr=errors, check=False
            )
            assert (done.returncode, done.stdout) == (2, b"")
    os.close(writing)


@pytest.mark.parametrize("words", [["config"], ["--help"], ["completion", "bash"]])
def test_a_closed_output_is_told(shell: Shell, words: list[str]) -> None:
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *shell.command(*words)],
        env=shell.env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    fails(done, "the output cannot be written: it is closed")


def test_a_pipe_for_a_configuration_is_not_waited_for(shell: Shell) -> None:
    os.mkfifo(shell.home / "pipe")
    fails(shell("--config", "pipe", "config"), "pipe is not a regular file")


def test_an_output_that_is_not_utf8_gets_question_marks(shell: Shell) -> None:
    shell.home.joinpath("opsconsole.toml").write_text("[profiles.p]\nbanner = 'Größe ✓'\n", encoding="utf-8")
    answer = shell("config", PYTHONIOENCODING="ascii")
    assert answer.returncode == 0
    assert "Gr??e ?" in answer.stdout


def test_the_command_line_is_prepared_for_ctrl_c_before_anything_is_loaded(shell: Shell) -> None:
    code = (
        "import sys\nbefore = set(sys.modules)\nimport console.cli\n"
        "print(*sorted(set(sys.modules) - before - {'__future__'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=shell.env, cwd=Path(__file__).parents[2],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "console console.cli\n"


@pytest.mark.parametrize("loaded", ["console.arguments", "console.layers", "msgspec", "console.show"])
def test_ctrl_c_while_it_loads_ends_it_at_once(shell: Shell, loaded: str) -> None:
    code = (
        "import os, signal, sys\nfrom console.cli import main\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, *of):\n"
        f"        if name == {loaded!r}: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\nsys.exit(main(['config']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=shell.env, capture_output=True, text=True, check=False
    )
    ended = 130 if loaded == "console.show" else -signal.SIGINT  # at work it ends by itself
    assert (done.returncode, done.stdout, done.stderr) == (ended, "", "")


def test_ctrl_c_while_the_configuration_is_read_does_not_crash_it(shell: Shell) -> None:
    """An exception out of a signal in msgspec's own code takes the interpreter down."""
    code = (
        "import os, signal, sys, threading\nfrom console.cli import main\nimport console.layers, msgspec\n"
        "convert = msgspec.convert\n"
        "def interrupted(*words, **more):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n    return convert(*words, **more)\n"
        "msgspec.convert = interrupted\nsys.exit(main(['config']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=shell.env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_ctrl_c_that_is_to_be_ignored_is(shell: Shell) -> None:
    code = (
        "import os, signal, sys\nfrom console.cli import main\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, *of):\n        os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\nsys.exit(main(['config']))"
    )
    done = subprocess.run(
        ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-c", code],
        env=shell.env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "theme" in done.stdout


def test_ctrl_c_ends_it_with_130_and_silence(shell: Shell) -> None:
    with RedisServer(wheel_redis()) as server:
        server.freeze()
        process = subprocess.Popen(
            shell.command("status", "--only", "redis"), env=shell.env | {"REDIS_URL": server.tcp_url},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        until = time.monotonic() + PATIENCE
        while not any(
            c.raddr and c.raddr[1] == server.port for c in psutil.Process(process.pid).net_connections()
        ):
            assert time.monotonic() < until
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
        server.thaw()
    assert (process.returncode, out, err) == (130, "", "")


# -- status


def test_status_tells_what_the_server_says_itself(shell: Shell, redis: RedisServer) -> None:
    document = shell.json("status", "--only", "redis", REDIS_URL=redis.tcp_url)
    (source,) = document["sources"]
    info = redis.info()
    samples = {(s["name"], s["labels"].get("db")): s["value"] for s in source["samples"]}
    assert source["state"] == "live"
    assert source["wanted"] is True
    assert samples["redis_memory_max_bytes", None] == float(info["maxmemory"]) == 100 * 1024**2
    assert samples["redis_db_keys", "db0"] == 1
    assert samples["redis_connected_clients", None] == 1
    assert "of 100M" in source["summary"]
    assert document["exit"] == 0
    assert document["severity"] == "ok"


@pytest.mark.parametrize(
    ("limit", "code", "word", "last"),
    [
        ("0,2", 1, "warning", "0 critical, 1 warning"),
        ("0,0", 2, "critical", "1 critical, 0 warnings"),
        ("2,3", 0, "ok", "0 critical, 0 warnings"),
    ],
)
def test_status_ends_with_the_findings_counted(
    shell: Shell, redis: RedisServer, limit: str, code: int, word: str, last: str
) -> None:
    env = {"REDIS_URL": redis.tcp_url, "OPSCONSOLE_LIMITS__REDIS_MEMORY": limit}
    answer = shell("status", "--only", "redis", **env)
    assert answer.returncode == code
    assert answer.stdout.startswith(f"{word:<10} redis")
    assert answer.stdout.splitlines()[-1] == last
    assert "\x1b" not in answer.stdout


def test_a_configured_server_that_is_not_there_is_critical(shell: Shell) -> None:
    shell.home.joinpath("mine.toml").write_text("[[redis]]\nurl = 'redis://:s3cret@127.0.0.1:1'\n")
    shell.home.joinpath("mine.toml").chmod(0o600)
    answer = shell("status", "--config", "mine.toml", "--only", "redis")
    assert answer.returncode == 2
    assert "127.0.0.1:1" in answer.stdout
    assert "s3cret" not in answer.stdout + answer.stderr


@pytest.fixture
def absent(tmp_path: Path) -> dict[str, str]:
    """An environment with one kind more, which finds nothing."""
    (tmp_path / "absent_kind.py").write_text(
        "from console.errors import NotFound\n"
        "class Absent:\n"
        "    kind = name = 'absent'\n    target = ''\n    deadline = 1.0\n"
        "    discover = classmethod(lambda cls, config, env: [cls()])\n"
        "    async def poll(self, focus): raise NotFound('nothing there', 'set ABSENT_URL')\n"
        "    async def close(self): pass\n"
    )
    info = tmp_path / "absent_kind-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: absent-kind\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[opsconsole.sources]\nabsent = absent_kind:Absent\n")
    return {"PYTHONPATH": str(tmp_path), "OPSCONSOLE_SOURCES": "absent"}


def test_what_was_only_looked_for_and_not_found_is_mentioned(shell: Shell, absent: dict[str, str]) -> None:
    answer = shell("status", **absent)
    assert answer.returncode == 0
    assert answer.stdout.startswith("not found  absent  nothing there: set ABSENT_URL\n")
    assert shell("status", "--only", "absent", **absent).returncode == 2


def test_status_is_bounded_with_a_frozen_server(shell: Shell, redis: RedisServer) -> None:
    with RedisServer(wheel_redis()) as frozen:
        frozen.freeze()
        urls = f'[{{name = "frozen", url = "{frozen.tcp_url}"}}, {{name = "fine", url = "{redis.tcp_url}"}}]'
        started = time.monotonic()
        document = shell.json("status", "--only", "redis", OPSCONSOLE_REDIS=urls)
        took = time.monotonic() - started
        frozen.thaw()
    states = {source["name"]: source["state"] for source in document["sources"]}
    assert states == {"frozen": "stale", "fine": "live"}
    assert document["exit"] == 2
    assert took < 5 * BUSY


def test_colours_only_where_they_are_wanted(shell: Shell, redis: RedisServer) -> None:
    env = {"REDIS_URL": redis.tcp_url, "OPSCONSOLE_SOURCES": "redis"}
    assert "\x1b[32mok" in on_a_terminal(shell, "status", env=env)[1]
    assert "\x1b[32m" in on_a_terminal(shell, "doctor", env=env)[1]
    assert "\x1b" not in on_a_terminal(shell, "doctor", env=env | {"NO_COLOR": "1"})[1]
    assert "\x1b" not in on_a_terminal(shell, "doctor", env=env | {"TERM": "dumb"})[1]


def test_hostile_names_stay_text(shell: Shell, redis: RedisServer) -> None:
    url = f'[{{name = "\\u001b]0;x\\u0007a", url = "{redis.tcp_url}"}}]'
    for command in ("doctor", "config"):
        answer = shell(command, OPSCONSOLE_SOURCES="redis", OPSCONSOLE_REDIS=url)
        assert answer.returncode == 0
        assert "␛]0;x␇a" in answer.stdout
        assert "\x1b" not in answer.stdout


@pytest.mark.parametrize("url", ["nonsense", "redis://h:port", "redis://h:99999", "http://h", "redis://[::1"])
def test_a_bad_url_is_no_traceback(shell: Shell, url: str) -> None:
    answer = shell("status", "--only", "redis", REDIS_URL=url)
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr
    assert "redis" in answer.stdout + answer.stderr


# -- doctor and config


def test_doctor_knows_the_terminal_the_libraries_and_the_files(shell: Shell) -> None:
    document = shell.json(
        "doctor", OPSCONSOLE_SOURCES="system", COLORTERM="truecolor", TMUX="x", TERM="screen"
    )
    facts = {(fact["section"], fact["name"]): fact for fact in document["facts"]}
    assert document["exit"] == 0
    assert facts["sources", "system"]["weight"] == "ok"
    assert facts["terminal", "TERM"]["fix"] == "in ~/.tmux.conf: set -g default-terminal tmux-256color"
    assert facts["terminal", "colours"]["text"] == "16 million: COLORTERM=truecolor"
    assert facts["terminal", "inside"]["text"] == "tmux"
    assert facts["terminal", "locale"]["text"] == "C.UTF-8"
    assert facts["host", "kernel"]["text"].startswith(f"Linux {os.uname().release}")
    assert facts["libraries", "textual"]["text"][0].isdigit()
    files = [fact["text"] for fact in document["facts"] if fact["name"] == "file"]
    assert files[1:] == [
        f"{shell.home}/{place}: not there" for place in (".config/opsconsole/config.toml", "opsconsole.toml")
    ]


def test_doctor_names_the_problem_and_the_fix(shell: Shell, absent: dict[str, str]) -> None:
    answer = shell("doctor", **absent, LC_ALL="C", TERM="dumb")
    assert answer.returncode == 1
    assert "  note     absent" in answer.stdout
    assert "fix: set ABSENT_URL" in answer.stdout
    assert "fix: export TERM=xterm-256color" in answer.stdout
    assert "export LC_ALL=C.UTF-8" in answer.stdout
    assert answer.stderr == ""


def test_doctor_says_how_to_mend_a_refused_server(shell: Shell) -> None:
    with RedisServer(wheel_redis(), settings={"requirepass": "s3cret"}, password="s3cret") as server:
        env = {"OPSCONSOLE_SOURCES": "redis", "REDIS_URL": server.tcp_url.replace("//", "//:wr0ng@")}
        answer = shell("doctor", **env)
    assert answer.returncode == 1
    assert "problem  redis" in answer.stdout
    assert "wr0ng" not in answer.stdout + answer.stderr


def test_doctor_knows_a_probe_that_names_a_configured_server(shell: Shell) -> None:
    path = shell.home / "opsconsole.toml"
    table = '[[probes.sql]]\nname = "{0}"\ndatabase = "{0}"\nquery = "select 1"\n'
    path.write_text(
        '[[postgres]]\nname = "orders"\nurl = "postgresql://u@127.0.0.1:1/x"\n'
        + table.format("orders") + table.format("other")
    )  # fmt: skip
    facts = shell.json("doctor", "--config", str(path), OPSCONSOLE_SOURCES="system")["facts"]
    told = {fact["name"]: fact["text"] for fact in facts if fact["section"] == "sources"}
    assert told["other"] == "database: the PostgreSQL address cannot be read"
    assert "orders" not in told


def test_config_prints_lines_that_a_file_takes(shell: Shell) -> None:
    path = shell.home / "opsconsole.toml"
    path.write_text('[alerts.objectives]\n"orders an \\"hour\\"" = "orders >= 10"\n')
    lines = shell("config", "--config", str(path)).stdout.splitlines()
    (line,) = [line for line in lines if line.startswith("alerts.objectives")]
    assert tomllib.loads(line) == {"alerts": {"objectives": {'orders an "hour"': "orders >= 10"}}}


@pytest.mark.parametrize("command", ["config", "doctor"])
def test_keys_that_cannot_work_are_told(shell: Shell, command: str) -> None:
    path = shell.home / "opsconsole.toml"
    path.write_text('[keys]\n"app.paus" = "f5"\n"app.pause" = "nokey"\n"app.help" = "f6"\n')
    answer = shell(command, "--config", str(path), OPSCONSOLE_SOURCES="system")
    said = answer.stdout + answer.stderr
    assert "there is no key named 'app.paus' (did you mean app.pause?): ? lists them" in said
    assert "app.pause: 'nokey' is no key" in said
    assert "app.help:" not in said


def test_config_prints_values_origins_and_no_secret(shell: Shell) -> None:
    path = shell.home / ".config" / "opsconsole" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("[[redis]]\nurl = 'redis://:s3cret@h'\n[limits]\ncpu = [inf, inf]\n")
    answer = shell("config", "--theme", "war-room", OPSCONSOLE_INTERVAL="2")
    assert answer.returncode == 0
    lines = {line.split(" ")[0]: line for line in answer.stdout.splitlines()}
    assert lines["theme"].split() == ["theme", "=", '"war-room"', "#", "--theme"]
    assert lines["interval"].split() == ["interval", "=", "2.0", "#", "OPSCONSOLE_INTERVAL"]
    assert lines["redis[0].url"].split()[2:] == ['"redis://:***@h"', "#", f"{path}:2"]
    assert "s3cret" not in answer.stdout + answer.stderr
    assert "chmod 600" in answer.stderr
    document = shell.json("config")
    assert document["values"]["limits.cpu"] == {"value": [None, None], "origin": f"{path}:4"}
    assert [file["state"] for file in document["files"]][1:] == ["read", "not there"]
    assert "s3cret" not in json.dumps(document)


def test_options_may_stand_before_or_after_the_command(shell: Shell) -> None:
    for words in (["--theme", "war-room", "config"], ["config", "--theme", "war-room"]):
        assert shell.json(*words)["values"]["theme"] == {"value": "war-room", "origin": "--theme"}


def test_a_directory_that_is_gone_is_no_error(shell: Shell) -> None:
    gone = shell.home / "gone"
    script = 'mkdir "$1" && cd "$1" && rmdir "$1" && shift && exec "$@"'
    done = subprocess.run(
        ["sh", "-c", script, "sh", str(gone), *shell.command("config")],
        env=shell.env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_doctor_says_what_shows_what_may_not_be_seen() -> None:
    said = "reader: may not list pods in all namespaces"
    source = FakeSource("kubernetes", snapshot=FakeSnapshot(limited=(said, "other"), remedies={said: "ask"}))
    feed: Feed = Feed(source)
    snapshot = source.snapshot
    feed.good = feed.reading = Reading("kubernetes", datetime.now(UTC), 1.0, 0.01, snapshot, None, ())
    facts = [fact for fact in _source(Seen(feed, History(), False)) if "limited" in fact.text]
    assert [(fact.text, fact.fix) for fact in facts] == [
        (f"limited view: {said}", "ask"),
        ("limited view: other", ""),
    ]


def test_doctor_says_whether_the_record_could_be_written(shell: Shell) -> None:
    """Before anybody needs it; looking begins no journal."""

    def journal(document: Any) -> dict[str, str]:
        return next(
            fact for fact in document["facts"] if fact["name"] == "journal" and fact["section"] == "record"
        )

    good = journal(shell.json("doctor", OPSCONSOLE_SOURCES="system"))
    assert good["weight"] == "ok"
    begun, _, path = good["text"].rpartition(": ")
    assert begun.startswith("none yet")
    assert path.endswith("journal.db")
    assert not os.path.exists(path)
    answer = shell("doctor", "--json", OPSCONSOLE_SOURCES="system", OPSCONSOLE_JOURNAL__PATH=str(shell.home))
    bad = journal(json.loads(answer.stdout))
    assert answer.returncode == 1
    assert bad["weight"] == "problem"
    assert "is not a regular file" in bad["text"]
    assert "[journal]" in bad["fix"]
    damaged, open_to_all = shell.home / "j.db", shell.home / "all"
    damaged.write_bytes(bytes(range(256)) * 40)
    damaged.chmod(0o600)
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    for place, told in (
        (damaged, "is damaged (file is not a database)"),
        (open_to_all / "j.db", "others can write"),
        (Path("/proc/x/j.db"), "/proc is no place for files"),
    ):
        answer = shell("doctor", "--json", OPSCONSOLE_SOURCES="system", OPSCONSOLE_JOURNAL__PATH=str(place))
        bad = journal(json.loads(answer.stdout))
        assert (answer.returncode, bad["weight"]) == (1, "problem")
        assert told in bad["text"]
        assert bad["fix"]


def test_a_directory_that_was_removed_holds_nothing_up(shell: Shell) -> None:
    script = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    for words in (["status", "--only", "system"], ["doctor"], ["config"], ["guide", "list"]):
        done = subprocess.run(
            ["sh", "-c", script, "sh", *shell.command(*words)],
            env={**shell.env, "OPSCONSOLE_SOURCES": "system"},
            cwd=shell.home, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert "cannot be written" not in done.stderr, done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        assert done.stdout or "no guide" in done.stderr


def test_a_masked_reason_takes_no_part_of_its_fix_with_it(shell: Shell) -> None:
    with RedisServer(wheel_redis(), settings={"requirepass": "s3cret"}, password="s3cret") as server:
        answer = shell("status", "--only", "redis", REDIS_URL=server.tcp_url)
    assert "it wants a password: give it: REDIS_URL=" in answer.stdout


def test_a_kind_nobody_knows_is_not_all_well(shell: Shell) -> None:
    answer = shell("status", OPSCONSOLE_SOURCES="nope")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "there is nothing to look at" in answer.stderr
    assert 'there is no kind "nope"' in answer.stderr


@pytest.mark.parametrize(
    "words", [["guide", "lint"], ["guide", "list"], ["alerts", "check"], ["alerts", "test"]]
)
def test_a_pipe_without_a_writer_is_not_waited_for(shell: Shell, words: list[str]) -> None:
    os.mkfifo(shell.home / "pipe")
    answer = shell(*words, "pipe")
    assert "Traceback" not in answer.stderr


def test_a_guide_out_of_a_pipe_is_linted(shell: Shell) -> None:
    """As bash gives it for `<(...)`; it can be read once only."""
    ends = os.pipe()
    os.write(ends[1], b"# Quay\n\nSee [there](gone.md).\n\n1. Run `docker-compose up`\n")
    os.close(ends[1])
    try:
        done = subprocess.run(
            shell.command("guide", "lint", f"/dev/fd/{ends[0]}"), pass_fds=ends[:1],
            env=shell.env, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        os.close(ends[0])
    assert "docker-compose is Compose 1" in done.stdout
    assert "gone.md" in done.stdout
