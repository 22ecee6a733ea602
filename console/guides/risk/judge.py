"""The risk of shell text: the highest over every command in it, whatever wraps, feeds or hides it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from console.guides.model import Risk
from console.guides.risk import files, mongo, network, redis, sql, system
from console.guides.risk.git import risk_of_git
from console.guides.risk.options import has, raised
from console.guides.risk.paths import writing
from console.guides.risk.programs import (
    ASKS_VERSION,
    CHANGING,
    DESTROYING,
    DIRECTORIES,
    HARMFUL_SETTINGS,
    HARMLESS_SETTINGS,
    LISTING,
    READING,
    READING_UNLESS,
    VERSIONED,
)
from console.guides.risk.tools import Tool, tools
from console.guides.shell import Command, Redirect, Script, Word, parse
from console.guides.shell.prefixes import PREFIXES, SHELLS, after_options

_U, _C, _D = Risk.UNKNOWN, Risk.CHANGE, Risk.DESTRUCTIVE
Client = Callable[[Sequence[Word], str | None], Risk]
_CLIENTS: dict[str, Client] = {
    **dict.fromkeys(("psql", "pgcli"), sql.risk_of_client),
    **dict.fromkeys(("redis-cli", "valkey-cli", "keydb-cli"), redis.risk_of_client),
    **dict.fromkeys(("mongosh", "mongo"), mongo.risk_of_client),
}
"""Clients of databases: what they are told to do decides."""
_RULES = {**files.RULES, **network.RULES, **system.RULES}
_STARTERS = frozenset({*PREFIXES, *SHELLS, "eval", "parallel", "watch", "trap", "su", "runuser", "flock",
                       "ssh", "mosh", "vagrant", "sshpass"})  # fmt: skip
"""Programs that do nothing but start what they are given."""
_ODD = re.compile(r"[^\S \t\n]|\x00")
"""Blanks that a shell does not take for blanks."""
_STARTS_WITH_NAME = re.compile(r'"?\$\{?([A-Za-z_]\w*)\}?')
_SUBSCRIPT = re.compile(r"'[^']*\w\[[^\]\s']*(?:\$\(|`)")
"""A substitution in a quoted subscript, which arithmetic and tests carry out."""
_LOOKS = frozenset({"get", "logs", "describe", "top", "events", "explain"})
"""What kubectl shows: its options only choose and format, so that a word nobody knows does no harm."""
_FOLLOWS = 12
"""Texts fed through pipes are looked into this many levels deep."""


def risk_of_shell(text: str, depth: int = 0) -> Risk:
    """The highest risk in a shell text; one that is not understood is never below UNKNOWN."""
    script = parse(text)
    risk = Risk.READ if script.ok and not script.doubts else _U
    if not script.commands and not script.functions:
        return _U
    if _SUBSCRIPT.search(text) or _ODD.search(text.replace("\r\n", "\n")):
        risk = max(risk, _U)
    scope = _Scope(script, depth)
    for command in script.commands:
        risk = max(risk, scope.command(command))
        if risk is _D:
            break
    return risk


class _Scope:
    """What is known in one script: its functions, its settings, its pipelines."""

    def __init__(self, script: Script, depth: int) -> None:
        self._script = script
        self._depth = depth
        self._settings = _settled(script)

    def command(self, command: Command) -> Risk:
        """The risk of one command with all that is around it."""
        risk = max((_redirected(redirect) for redirect in command.redirects), default=Risk.READ)
        if risk is _C and any(_empties(redirect) for redirect in command.redirects) and _silent(command):
            risk = _D
        risk = max(risk, self._assigned(command))
        if not command.words:
            return risk
        if command.name is None:
            return max(risk, _U)
        return max(risk, self._program(command, command.name))

    def _assigned(self, command: Command) -> Risk:
        for name, _ in command.assignments:
            alone = not command.words or command.name in ("export", "declare", "local", "readonly", "typeset")
            if alone and name.partition("[")[0] in HARMFUL_SETTINGS:
                return _U
            if not alone and name not in HARMLESS_SETTINGS:
                return _U
        return Risk.READ

    def _program(self, command: Command, name: str) -> Risk:
        words = tuple(self._settled(word) for word in command.words[1:])
        risk = self._named(command, name, words)
        directory = (command.words[0].value or "").rpartition("/")[0]
        if directory and directory not in DIRECTORIES and not command.opened:
            risk = max(risk, _U)  # ./ls is not ls
        return risk

    def _named(self, command: Command, name: str, words: tuple[Word, ...]) -> Risk:
        if command.opened and name in _STARTERS:
            return Risk.READ
        if name in self._script.functions:  # its body is among the commands
            return Risk.READ if not _known(name) else _U
        if len(words) == 1 and words[0].value in ASKS_VERSION and name in VERSIONED:
            return Risk.READ
        if name in SHELLS:
            return self._fed_shell(command)
        if name in _CLIENTS:
            return self._client(command, _CLIENTS[name], words)
        if name in ("mysql", "mariadb"):
            return self._client(command, _mysql, words)
        if name == "git":
            return risk_of_git(words)
        if name in _RULES:
            return _RULES[name](words)
        if name in ("docker", "podman", "nerdctl", "docker-compose", "podman-compose", "kubectl", "oc"):
            return _container(name, words, command.opened)
        if name in tools():
            return _tool(name, tools()[name], words)
        return _plain(name, words)

    def _fed_shell(self, command: Command) -> Risk:
        fed = self._fed(command)
        if fed is None or self._depth > _FOLLOWS:
            return _U
        return max(_U, risk_of_shell(fed, self._depth + 1))

    def _client(self, command: Command, rule: Client, words: Sequence[Word]) -> Risk:
        """A client of a database: what it is fed without our knowing it most likely changes something."""
        risk, fed = rule(words, self._fed(command)), self._fed(command)
        takes = command.stage > 0 or any(redirect.operator == "<" for redirect in command.redirects)
        return _C if risk is _U and fed is None and takes else risk

    def _fed(self, command: Command) -> str | None:
        """The text that comes to a command's input, as far as it stands in the script."""
        for redirect in reversed(command.redirects):
            if redirect.feeds:
                return redirect.body if redirect.target is None else redirect.target
        if not command.pipe or not command.stage:
            return None
        before = [other for other in self._script.commands
                  if (other.pipe, other.stage) == (command.pipe, command.stage - 1)
                  and other.wrappers == command.wrappers[: len(other.wrappers)]]  # fmt: skip
        if len(before) != 1:
            return None
        source = before[0]
        if source.name in ("echo", "printf"):
            return " ".join(word.value if word.value is not None else word.raw for word in source.words[1:]
                            if not re.fullmatch(r"-[neE]+", word.raw))  # fmt: skip
        return self._fed(source) if source.name in ("cat", "tee") else None

    def _settled(self, word: Word) -> Word:
        """A word that begins with a setting of known value is an operand, not an option."""
        if word.value is not None or word.prefix:
            return word
        match = _STARTS_WITH_NAME.match(word.raw)
        value = self._settings.get(match[1]) if match else None
        if not value or value.startswith("-") or (not word.quoted and re.search(r"[\s*?\[{]", value)):
            return word
        return Word(word.raw, None, value, word.quoted)


def _settled(script: Script) -> dict[str, str]:
    """Names that are set once, to a certain value, and in no other way."""
    times: dict[str, int] = {}
    values: dict[str, str] = {}
    for command in script.commands:
        for name, value in command.assignments:
            times[name] = times.get(name, 0) + 1
            if value is not None and not {"loop", "function", "subshell"} & set(command.inside):
                values[name] = value
    return {name: value for name, value in values.items() if times[name] == 1
            and len(re.findall(rf"(?<![\w${{]){re.escape(name)}(?!\w)", script.text)) == 1}  # fmt: skip


def _redirected(redirect: Redirect) -> Risk:
    if not redirect.writes:
        return _U if (redirect.target or "").startswith("/dev/tcp/") else Risk.READ
    return writing(redirect.target, adds=redirect.operator in (">>", "&>>"))


def _empties(redirect: Redirect) -> bool:
    return redirect.writes and redirect.operator in (">", ">|", "&>") and redirect.descriptor in ("", "1")


def _silent(command: Command) -> bool:
    """Whether a command prints nothing, so that a file it is sent to is left empty."""
    words = [word for word in command.values if word is not None]
    silent = words in ([], [":"], ["true"], ["cat", "/dev/null"], ["echo", "-n"], ["printf", ""])
    return silent and not command.assignments and not command.pipe and len(words) == len(command.words)


@lru_cache(maxsize=1024)
def _known(name: str) -> bool:
    tables = (READING, READING_UNLESS, CHANGING, DESTROYING, _RULES, tools(), _STARTERS, _CLIENTS)
    return name.startswith("mkfs") or any(name in table for table in tables)


def _plain(name: str, words: Sequence[Word]) -> Risk:
    """A program by the tables."""
    values = [word.value for word in words]
    if name in LISTING and values and values[0] in LISTING[name]:
        return Risk.READ
    if name in ("[", "[[", "test"):
        return Risk.READ
    if name in READING:
        return Risk.READ
    if name in READING_UNLESS:
        if name == "less" and any((value or "").startswith("+") for value in values):
            return _U
        if name == "date" and any(value and value[0].isdigit() for value in values[:1]):
            return _C
        return raised(words, READING_UNLESS[name])
    if name in DESTROYING or name.startswith("mkfs."):
        return _D
    return _C if name in CHANGING else _U


def _tool(name: str, tool: Tool, words: tuple[Word, ...]) -> Risk:
    """A tool with sub-commands: the longest that is in its table."""
    values = [word.value for word in words]
    if len(values) == 1 and values[0] in ASKS_VERSION:
        return Risk.READ
    if values and (values[0] or "").startswith("-") and values[0] in tool.table:  # some name them so
        return max(tool.table[values[0]], _options(tool, words[1:]))
    at = after_options((Word(name, name), *words), 1, tool.options)
    if at is None:
        return _U
    rest = words[at - 1 :]
    if not rest:
        return tool.bare
    for length in (3, 2, 1):
        key = [word.value for word in _operands(rest, tool)[:length]]
        if (
            len(key) == length
            and None not in key
            and (found := tool.table.get(" ".join(map(str, key)))) is not None
        ):
            return max(found, _options(tool, rest))
    return _U


def _operands(words: tuple[Word, ...], tool: Tool) -> list[Word]:
    found: list[Word] = []
    at: int | None = 0
    while at is not None and at < len(words) and len(found) < 3:
        found.append(words[at])
        at = after_options(words, at + 1, tool.options)
    return found


def _options(tool: Tool, words: Sequence[Word]) -> Risk:
    return raised(words, tool.raises)


def _container(name: str, words: tuple[Word, ...], opened: bool) -> Risk:
    tool = tools().get(name, tools()["kubectl"])
    at = after_options((Word(name, name), *words), 1, tool.options)
    rest = () if at is None else words[at - 1 :]
    verb = rest[0].value if rest else None
    if name in ("docker", "podman", "nerdctl") and verb == "compose":
        return _container("docker-compose", rest[1:], opened)
    if verb == "container" and len(rest) > 1 and rest[1].value == "exec":
        verb = "exec"
    if verb == "exec":
        return Risk.READ if opened else _U
    if name in ("kubectl", "oc"):
        return _kubectl(tool, words, rest, verb)
    values = [word.value for word in rest]
    if name.endswith("compose") and verb == "down" and has(values, "-v", "--volumes"):
        return _D
    if verb in (
        "save",
        "export",
        "logs",
        "ps",
        "inspect",
        "images",
        "version",
        "info",
        "stats",
        "top",
        "diff",
    ):
        return raised(rest, {"-o --output": _C} if verb in ("save", "export") else {})
    if verb == "config" and name.endswith("compose"):
        return raised(rest, {"-o --output": _C})
    if verb in ("run", "create"):
        return _C
    return _tool(name, tool, words)


def _kubectl(tool: Tool, words: tuple[Word, ...], rest: tuple[Word, ...], verb: str | None) -> Risk:
    values = [word.value for word in rest]
    if any(value in ("--dry-run=client", "--dry-run=server") for value in values) and None not in values:
        return Risk.READ
    if verb in _LOOKS:
        found = [tool.table.get(" ".join(str(value) for value in values[:length])) for length in (2, 1)]
        return next((risk for risk in found if risk is not None), _U)
    risk = _tool("kubectl", tool, words)
    if verb == "replace" and has(values, "--force"):
        return _D
    return risk


def _mysql(words: Sequence[Word], fed: str | None) -> Risk:
    values = [word.value for word in words]
    from console.guides.risk.options import value_of

    texts = value_of(values, "-e", "--execute")
    if not texts:
        return sql.risk_of_sql(fed) if fed is not None else _U
    return max(_U if text is None else sql.risk_of_sql(text.rstrip().removesuffix("\\G")) for text in texts)
