"""Programs that read text as a program of their own: by an argument, by their input, by a variable."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ALL = frozenset(
    {"ssh", "mosh", "eval", "watch", "parallel", "at", "batch", "su", "runuser", "trap", "awk", "gawk",
     "mawk", "nawk", "sed", "gsed", "jq", "yq", "xmlstarlet", "sqlite3", "bc", "dc", "expr", "gdb", "lldb",
     "pdsh", "clush", "ansible", "salt", "fish", "tmux", "screen", "script", "expect", "vagrant", "let",
     "compgen", "complete", "bind", "fc", "make", "gmake", "ninja"}
)  # fmt: skip
"""Whatever stands behind them is, or may be, a program."""
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash", "mksh"})
_FLAGS: dict[str, tuple[str, ...]] = {
    "psql": ("-c", "--command", "-v", "--set", "--variable"),
    "mysql": ("-e", "--execute", "--init-command"), "mariadb": ("-e", "--execute", "--init-command"),
    "mongosh": ("--eval",), "mongo": ("--eval",),
    "clickhouse-client": ("-q", "--query"), "cqlsh": ("-e", "--execute"), "influx": ("-execute",),
    "sqlcmd": ("-Q", "-q"), "sqlplus": (), "cypher-shell": (),
    "perl": ("-e", "-E"), "ruby": ("-e",), "node": ("-e", "-p", "--eval", "--print"), "deno": ("eval",),
    "php": ("-r",), "lua": ("-e",), "Rscript": ("-e",), "osascript": ("-e",),
    "vim": ("-c", "--cmd"), "vi": ("-c",), "ed": (), "emacs": ("--eval",),
    "redis-cli": ("eval", "EVAL", "--eval", "script", "SCRIPT", "fcall"), "valkey-cli": ("eval", "EVAL"),
    "crontab": (), "xargs": (), "tclsh": (), "kubectl": (), "oc": (),
}  # fmt: skip
"""Options after which a program's text stands; all of these read one from their input too."""
_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "git": ("-c", "--config-env", "--upload-pack", "--exec", "-u"),
    "tar": ("--to-command", "--checkpoint-action", "-I", "--use-compress-program", "--rsh-command",
            "--info-script", "-F", "--new-volume-script", "--rmt-command"),
    "rsync": ("-e", "--rsh", "--rsync-path"), "scp": ("-o", "-S"), "sftp": ("-o", "-S"),
    "flock": ("-c", "--command"), "env": ("-S", "--split-string"), "docker": ("--health-cmd",),
    "podman": ("--health-cmd",), "wget": ("-e", "--execute"),
    "printf": ("-v",), "test": ("-v", "-R"), "[": ("-v", "-R"), "wait": ("-p",),
}  # fmt: skip
"""The same for programs that do not read their input so."""
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*")
_ACTED_ON = frozenset(
    {"PATH", "IFS", "ENV", "BASH_ENV", "PS4", "PROMPT_COMMAND", "SHELLOPTS", "BASHOPTS", "PAGER", "MANPAGER",
     "EDITOR", "VISUAL", "BROWSER", "RSYNC_RSH", "CVS_RSH", "PERL5OPT", "PERL5LIB", "RUBYOPT", "PYTHONPATH",
     "PYTHONSTARTUP", "NODE_OPTIONS", "JAVA_TOOL_OPTIONS", "LESSOPEN", "LESSCLOSE", "SSH_ASKPASS",
     "SUDO_ASKPASS", "TAR_OPTIONS", "MAKEFLAGS", "GZIP", "PGOPTIONS", "PSQLRC", "PSQL_PAGER"}
)  # fmt: skip


def reads_words(words: Sequence[str], at: int) -> str:
    """The interpreter among a command's words that reads the word at this place as a program, or empty."""
    for place, word in enumerate(words[:at]):
        name = word.rpartition("/")[2]
        if name in _ALL:
            return name
        behind = words[place + 1 : at + 1]
        if (name in _SHELLS or word.startswith("$")) and _after_flag(behind, None):
            return name  # a program named by a variable may be a shell
        if _PYTHON.fullmatch(name) and _after_flag(behind, ("-c",)):
            return name
        for flags in (_FLAGS.get(name), _ARGUMENTS.get(name)):
            if flags and _after_flag(behind, flags):
                return name
    return ""


def reads_input(words: Sequence[str]) -> str:
    """The interpreter among a command's words that reads its input as a program, or empty."""
    for word in words:
        name = word.rpartition("/")[2]
        if name in _ALL or name in _SHELLS or name in _FLAGS or _PYTHON.fullmatch(name):
            return name
    return ""


_PROGRAMS = ("sed", "gsed", "awk", "gawk", "mawk", "nawk", "perl", "ruby", "node", "mongosh", "mongo")
"""Interpreters in whose programs a text may stand between slashes."""


def closing(reader: str, words: Sequence[str], at: int) -> frozenset[str]:
    """Characters that would end the text the word at this place has the value in, for these interpreters."""
    if reader not in _PROGRAMS:
        return frozenset()
    place = next((i for i, word in enumerate(words) if word.rpartition("/")[2] == reader), 0)
    behind = words[place + 1 :]
    given = [i for i, word in enumerate(behind) if word in ("-e", "--expression", "-E")]
    first = next((i for i, word in enumerate(behind) if not word.startswith("-")), 0)
    if at - place - 1 not in ([i + 1 for i in given] or [first]):
        return frozenset()  # a file it works on
    program = words[at]
    if not reader.endswith("sed"):
        return frozenset("/" if "/" in program else "")
    found = set(re.findall(r"(?:^|[;{}!,$/\d\s])[sy]([^\w\s\\;])", program))
    if re.search(r"(?:^|[;{},!])\s*/", program):
        found.add("/")
    return frozenset(found or {"/"})


def acts_on(variable: str) -> bool:
    """Whether programs take what a variable of the environment holds for more than text."""
    return variable in _ACTED_ON or variable.startswith(("LD_", "GIT_", "BASH_FUNC", "DYLD_"))


def _after_flag(words: Sequence[str], flags: Sequence[str] | None) -> bool:
    """Whether the last word is a program's text; no flags given: those of a shell."""
    *before, word = words
    previous = before[-1] if before else ""
    if flags is None:
        return re.match(r"-\w*c", word) is not None or re.fullmatch(r"-\w*c\w*", previous) is not None
    if previous in flags:
        return True
    if any(word.startswith(flag) and word != flag for flag in flags if flag.startswith("-")):
        return True
    return any(flag in before for flag in flags if not flag.startswith("-"))
