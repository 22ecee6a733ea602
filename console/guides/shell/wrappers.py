"""Programs that start another one: `sudo`, `docker exec`, `ssh`, `sh -c`, `xargs`. What is inside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from console.guides.shell.prefixes import ANY, PREFIXES, SHELLS, Inner, Prefix, after_options
from console.guides.shell.script import Redirect, Word

_EXEC = Prefix(
    "euw", ("env", "user", "workdir", "env-file", "detach-keys", "index"), operands=1, elsewhere=True
)
_COMPOSE = Prefix("fp", ("file", "project-name", "profile", "env-file", "project-directory", "ansi",
                         "progress", "parallel"))  # fmt: skip
_ENGINE = Prefix("cHl", ("context", "host", "log-level", "config", "tlscacert", "tlscert", "tlskey"))
_RUN = Prefix("euwvplahmc", (
    "env", "user", "workdir", "env-file", "volume", "publish", "label", "name", "network", "net", "mount",
    "hostname", "memory", "cpus", "restart", "log-driver", "log-opt", "add-host", "cap-add", "cap-drop",
    "device", "dns", "ip", "link", "platform", "pull", "security-opt", "shm-size", "tmpfs", "ulimit",
    "volumes-from", "pid", "ipc", "runtime", "gpus", "expose", "detach-keys", "cidfile", "attach", "pod",
), operands=1, refuse=("--entrypoint",), elsewhere=True)  # fmt: skip
_KUBECTL = Prefix("nscl", ("namespace", "context", "kubeconfig", "server", "cluster", "user", "token", "as"))
ENGINES = frozenset({"docker", "podman", "nerdctl", "crictl", "lxc", "incus", "nomad"})
_SSH = Prefix("BbcDEeFIiJLlmOopQRSWw", operands=1, refuse=("-O", "-N", "-W", "-Q", "-G"), elsewhere=True)


def unwrap(words: tuple[Word, ...], redirects: Sequence[Redirect] = ()) -> list[Inner]:
    """What these words start, one step inwards; empty when it is nothing.

    A word put in when it runs (`docker exec $C rm x`) is taken for an operand; what follows is not sure.
    """
    found = _unwrap(words, redirects)
    if found or not words or words[0].value is None:
        return found
    guessed = tuple(_guessed(word) for word in words)
    if guessed == words:
        return []
    return [replace(inner, sure=False) for inner in _unwrap(guessed, redirects)]


def _guessed(word: Word) -> Word:
    """A word nobody knows yet as one that is no option."""
    return Word(word.raw, None, "…", word.quoted) if word.value is None and not word.prefix else word


def _unwrap(words: tuple[Word, ...], redirects: Sequence[Redirect]) -> list[Inner]:
    if not words or words[0].value is None:
        return []
    name = words[0].value.rpartition("/")[2]
    if prefix := PREFIXES.get(name):
        return _prefixed(name, prefix, words)
    if name in SHELLS:
        return _shell(name, words, redirects)
    if name in ("ssh", "mosh"):
        return _ssh(name, words, redirects)
    special = _SPECIAL.get(name)
    return special(name, words) if special else []


def _prefixed(name: str, spec: Prefix, words: tuple[Word, ...]) -> list[Inner]:
    if name == "env" and (text := _split_string(words)) is not None:
        return [Inner(name, text=text)]
    at = after_options(words, 1, spec)
    if at is None:
        return []
    while spec.assigns and at < len(words) and _assigns(words[at]):
        at += 1
    at += spec.operands
    rest = words[at:]
    if not rest:
        return []
    if spec.more and (mark := _placeholder(words[1:at])):
        rest = tuple(_filled(word, mark) for word in rest)
        return [Inner(name, words=rest, elsewhere=spec.elsewhere)]
    return [Inner(name, words=(*rest, ANY) if spec.more else rest, elsewhere=spec.elsewhere)]


def _placeholder(options: Sequence[Word]) -> str:
    """What `xargs -I{}` puts its words in place of; empty where it adds them at the end."""
    for at, word in enumerate(options):
        value = word.value or ""
        if value == "-I" and at + 1 < len(options):
            return options[at + 1].value or ""
        if value.startswith("-I") and len(value) > len("-I"):
            return value[2:]
    return ""


def _filled(word: Word, mark: str) -> Word:
    """A word with what is put into it unknown; a text for another shell stays as it is, to be looked into."""
    if word.value is None or mark not in word.value or " " in word.value:
        return word
    before = word.value.partition(mark)[0]
    return ANY if word.value == mark else Word(word.raw, None, before, quoted=True)


def _parallel(name: str, words: tuple[Word, ...]) -> list[Inner]:
    """`parallel COMMAND ::: ...`."""
    at = after_options(
        words, 1, Prefix("jNnadSC", ("jobs", "max-args", "arg-file", "delay", "colsep", "joblog"))
    )
    if at is None:
        return []
    end = next((n for n in range(at, len(words)) if (words[n].value or "").startswith(":::")), len(words))
    rest = words[at:end]
    return [Inner(name, words=(*rest, ANY))] if rest else []


def _assigns(word: Word) -> bool:
    name, sign, _ = (word.prefix if word.value is None else word.value).partition("=")
    return bool(sign) and name.isidentifier()


def _split_string(words: Sequence[Word]) -> str | None:
    """The text of `env -S TEXT` with the words after it."""
    for at, word in enumerate(words[1:], start=1):
        value = word.value or ""
        for option in ("-S", "--split-string=", "--split-string"):
            if value == option and at + 1 < len(words):
                return _text(words[at + 1 :])
            if value.startswith(option) and len(value) > len(option):
                rest = _text(words[at + 1 :])
                return None if rest is None else f"{value[len(option) :]} {rest}"
    return None


def _text(words: Sequence[Word]) -> str | None:
    """Words as a shell reads them once more; None when one is uncertain."""
    values = [word.value for word in words]
    return None if None in values else " ".join(value for value in values if value is not None)


def _shell(name: str, words: tuple[Word, ...], redirects: Sequence[Redirect]) -> list[Inner]:
    at, command = 1, False
    while at < len(words):
        value = words[at].value
        if value is None:
            return []
        if not value.startswith(("-", "+")) or value == "-":
            break
        at += 1
        if value == "--":
            break
        if value.startswith("--"):
            at += value in ("--rcfile", "--init-file")
            continue
        command = command or "c" in value
        at += value[-1] in "oO"
    if command:
        text = words[at].value if at < len(words) else None
        return [] if text is None else [Inner(f"{name} -c", text=text)]
    if at < len(words) and "-s" not in [word.value for word in words]:
        return []  # a script in a file
    fed = _fed(redirects)
    return [] if fed is None else [Inner(name, text=fed)]


def _fed(redirects: Sequence[Redirect]) -> str | None:
    """The text that comes to the input, None when it is not certain."""
    return next((redirect.target for redirect in reversed(redirects) if redirect.feeds), None)


def _eval(name: str, words: tuple[Word, ...]) -> list[Inner]:
    text = _text(words[1:])
    return [] if text is None else [Inner(name, text=text)]


def _watch(name: str, words: tuple[Word, ...]) -> list[Inner]:
    at = after_options(words, 1, Prefix("nq", ("interval", "equexit")))
    text = None if at is None else _text(words[at:])
    return [Inner(name, text=text)] if text else []


def _trap(name: str, words: tuple[Word, ...]) -> list[Inner]:
    if len(words) < 3 or words[1].value is None or words[1].value in ("-", "", "-l", "-p"):
        return []
    return [Inner(name, text=words[1].value)]


def _su(name: str, words: tuple[Word, ...]) -> list[Inner]:
    if name == "runuser" and len(words) > 1 and words[1].value in ("-u", "--user"):
        at = after_options(words, 1, Prefix("u", ("user",)))
        return [Inner(name, words=words[at:])] if at and words[at:] else []
    for at, word in enumerate(words):
        value = word.value or ""
        if value in ("-c", "--command") and at + 1 < len(words):
            text = words[at + 1].value
            return [] if text is None else [Inner(f"{name} -c", text=text)]
        if value.startswith("--command="):
            return [Inner(f"{name} -c", text=value.partition("=")[2])]
    return []


def _script(name: str, words: tuple[Word, ...]) -> list[Inner]:
    """`script -c TEXT`, `script -qc TEXT FILE`."""
    for at, word in enumerate(words[:-1]):
        value = word.value or ""
        if value == "--command" or (
            value.startswith("-") and not value.startswith("--") and value.endswith("c")
        ):
            text = words[at + 1].value
            return [] if text is None else [Inner(name, text=text)]
    return []


def _flock(name: str, words: tuple[Word, ...]) -> list[Inner]:
    at = after_options(words, 1, Prefix("wE", ("timeout", "wait", "conflict-exit-code")))
    if at is None or len(words) < at + 2:
        return []
    if words[at + 1].value in ("-c", "--command"):
        text = words[at + 2].value if len(words) > at + 2 else None
        return [] if text is None else [Inner(name, text=text)]
    return [Inner(name, words=words[at + 1 :])]


_RUNS_HERE = ("proxycommand", "localcommand", "permitlocalcommand", "knownhostscommand", "match")
"""Options of ssh that start something on this host."""


def _ssh(name: str, words: tuple[Word, ...], redirects: Sequence[Redirect]) -> list[Inner]:
    at = after_options(words, 1, _SSH)
    if (
        at is None
        or at >= len(words)
        or any(sign in word.raw.lower() for word in words[:at] for sign in _RUNS_HERE)
    ):
        return []
    rest = after_options(words, at + 1, Prefix(_SSH.short, refuse=_SSH.refuse))  # options may follow the host
    if rest is None or any(sign in word.raw.lower() for word in words[at:rest] for sign in _RUNS_HERE):
        return []
    text = _text(words[rest:]) if words[rest:] else _fed(redirects)
    return [Inner(f"{name} {words[at].raw}", text=text, elsewhere=True)] if text else []


def _vagrant(name: str, words: tuple[Word, ...]) -> list[Inner]:
    values = [word.value for word in words]
    if len(words) > 3 and values[1] == "ssh" and "-c" in values[:-1]:
        text = values[values.index("-c") + 1]
        return [] if text is None else [Inner("vagrant ssh", text=text, elsewhere=True)]
    return []


def _engine(name: str, words: tuple[Word, ...]) -> list[Inner]:
    at = 1 if name == "docker-compose" else after_options(words, 1, _ENGINE)
    if at is None or at >= len(words):
        return []
    label = name
    if name in ("docker-compose", "podman-compose") or words[at].value == "compose":
        at = after_options(words, at + (name in ENGINES), _COMPOSE)
        label = name if name not in ENGINES else f"{name} compose"
    elif words[at].value == "container":
        at += 1
    if at is None or at >= len(words) or words[at].value not in ("exec", "run"):
        return []
    verb = words[at].value
    first = after_options(words, at + 1, _EXEC if verb == "exec" else _RUN)
    if first is None or first + 1 >= len(words):
        return []
    rest = first + 1 + (words[first + 1].value == "--")
    return [Inner(f"{label} {verb} {words[first].raw}", words=words[rest:], elsewhere=True)]


def _kubectl(name: str, words: tuple[Word, ...]) -> list[Inner]:
    at = after_options(words, 1, _KUBECTL)
    values = [word.value for word in words]
    if (
        at is None
        or at >= len(words)
        or values[at] not in ("exec", "debug", "run")
        or "--" not in values[at:]
    ):
        return []
    cut = values.index("--", at)
    first = after_options(words, at + 1, Prefix("nc", (*_KUBECTL.long, "container")))
    target = words[first].raw if first is not None and first < cut else ""
    inner = words[cut + 1 :]
    return [Inner(f"{name} {values[at]} {target}".rstrip(), words=inner, elsewhere=True)] if inner else []


def _find(name: str, words: tuple[Word, ...]) -> list[Inner]:
    found: list[Inner] = []
    at = 0
    while at < len(words):
        if words[at].value in ("-exec", "-execdir", "-ok", "-okdir"):
            end = at + 1
            while end < len(words) and words[end].value not in (";", "+"):
                end += 1
            inner = tuple(ANY if word.value == "{}" else word for word in words[at + 1 : end])
            if inner:
                found.append(Inner(f"{name} {words[at].value}", words=inner))
            at = end
        at += 1
    return found


_SPECIAL: dict[str, Callable[[str, tuple[Word, ...]], list[Inner]]] = {
    "eval": _eval, "parallel": _parallel, "watch": _watch, "trap": _trap, "su": _su, "runuser": _su,
    "script": _script,
    "flock": _flock, "vagrant": _vagrant, "docker-compose": _engine, "podman-compose": _engine,
    "kubectl": _kubectl, "oc": _kubectl, "find": _find, "gfind": _find,
    "sshpass": lambda name, words: _prefixed(name, Prefix("pfdP"), words),
    **dict.fromkeys(ENGINES, _engine),
}  # fmt: skip
