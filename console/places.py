"""The configuration files: where they are looked for, how one is read, whether it can be trusted."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from console.errors import ConfigError
from console.secrets import holds_secret
from console.shape import KeyPath, Leaf, Tree, dig, leaves

ETC = Path("/etc/opsconsole/config.toml")
LOCAL = "opsconsole.toml"
SIZE_LIMIT = 1 << 20
"""Bytes of a configuration file; more is taken for a mistake."""
_NULL = os.makedev(1, 3)
"""/dev/null, the usual way to say that a file is to be empty."""


class ConfigFile(msgspec.Struct, frozen=True):
    """One place looked at: its content where it was read, and why where it was not."""

    path: Path
    state: str
    """`read`, `not there` or `ignored`."""
    text: str = ""
    values: Tree = {}
    notes: tuple[str, ...] = ()
    foreign: bool = False
    """Whether somebody else may have written it: no secret is given to whom it names."""

    def place(self, path: KeyPath) -> str:
        """File and line a value stands in; the file alone when the line cannot be told."""
        from console.statements import line_of  # not every start has a line to tell

        line = line_of(self.text, path)
        return f"{self.path}:{line}" if line else str(self.path)


def user_file(env: Mapping[str, str]) -> Path | None:
    """The user's own file; None for a user without a home."""
    base = env.get("XDG_CONFIG_HOME", "")
    if not base.startswith("/"):  # the specification has relative ones ignored
        home = env.get("HOME", "")
        if not home.startswith("/"):
            return None
        base = f"{home}/.config"
    return Path(base) / "opsconsole" / "config.toml"


def usual(env: Mapping[str, str], directory: Path, etc: Path = ETC) -> Iterator[ConfigFile]:
    """The usual files, weakest first. Raises ConfigError."""
    yield read(etc)
    if (own := user_file(env)) is not None:
        yield read(own)
    yield read(directory / LOCAL, local=True)


def read(path: Path, *, named: bool = False, local: bool = False) -> ConfigFile:
    """One file. `named`: by the command line, so it must be there and its owner does not matter;
    `local`: of the current directory, which somebody else may have written.

    Raises ConfigError when it cannot be read or is not TOML.
    """
    try:
        # a pipe that nobody writes to must not hold up the start
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        if named:
            raise ConfigError(f"{path} does not exist", "name an existing file after --config") from None
        return ConfigFile(path, "not there")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", _mend(path, error)) from None
    info = os.fstat(handle)
    if stat.S_ISDIR(info.st_mode):
        os.close(handle)
        raise ConfigError(f"{path} is a directory", "name the file in it")
    with os.fdopen(handle, "rb") as stream:
        if local and (why := _stranger(info)):
            return ConfigFile(path, "ignored", notes=(f"{path} is ignored: {why}",))
        if not stat.S_ISREG(info.st_mode) and info.st_rdev != _NULL:
            raise ConfigError(f"{path} is not a regular file", "save the configuration in one")
        try:
            data = stream.read(SIZE_LIMIT + 1)
        except OSError as error:
            raise ConfigError(f"{path} cannot be read: {error.strerror}", _mend(path, error)) from None
    text, values = _toml(path, data)
    why = _foreign(path, info, named, local)
    notes = [*(_commands(path, values, why) if why else ()), *_readable(path, values, info)]
    return ConfigFile(path, "read", text, values, tuple(notes), bool(why))


def _mend(path: Path, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"give yourself the right to read it: chmod u+r {path}"
    return "mend its path, or name another file with --config"


def _stranger(info: os.stat_result) -> str:
    if info.st_uid not in (os.geteuid(), 0):
        return "it belongs to another user; name it with --config to use it all the same"
    if info.st_mode & stat.S_IWOTH:
        return "everybody can write it; chmod o-w it to use it"
    return ""


def _toml(path: Path, data: bytes) -> tuple[str, Tree]:
    import tomllib  # two milliseconds, and most machines have no file

    if len(data) > SIZE_LIMIT:
        raise ConfigError(f"{path} is larger than {SIZE_LIMIT >> 20} MB", "name a configuration file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8", "save it as UTF-8") from None
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        import re

        where = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", str(error))
        line = int(where[1]) if where and where[1] else text.count("\n") + 1
        message = str(error)[: where.start()] if where else str(error)
        raise ConfigError(f"{path}:{line}: not TOML: {message}", "correct that line") from None
    except RecursionError:
        raise ConfigError(f"{path} is nested too deeply", "correct its brackets") from None
    except ValueError:  # Python reads no number of more than 4300 digits
        raise ConfigError(f"{path}: a number has too many digits", "correct it") from None


def _foreign(path: Path, info: os.stat_result, named: bool, local: bool) -> str:
    """Why nothing of this file may act; empty where it is the user's own word."""
    if local:
        return "is not run from the current directory; put it into your own configuration file"
    if not named and info.st_uid not in (os.geteuid(), 0):
        return "is not run from a file of another user"
    if info.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"is not run from a file others can write; chmod go-w {path}"
    return ""


def _commands(path: Path, values: Tree, why: str) -> Iterator[str]:
    """Take away what may not act, or guards less, because this file says so; each is told."""
    for leaf in list(leaves(values)):
        key = str(leaf.path[-1])
        if key.endswith("password_command") and leaf.value:
            del dig(values, leaf.path[:-1])[key]
            yield f"{path}: {key} {why}"
        elif _own(leaf.path)[:1] == ("alerts",) and key in ("verify", "ca_file"):
            del dig(values, leaf.path[:-1])[key]
            yield f"{path}: {key} of [alerts] is not taken from a file somebody else may have written"
        elif _own(leaf.path)[:1] == ("kubernetes",) and key == "kubeconfig" and leaf.value:
            # a kubeconfig names programs that give credentials
            del dig(values, leaf.path[:-1])[key]
            yield f"{path}: kubeconfig {why}"
    acting = {probe for leaf in leaves(values) if (probe := _acting(leaf)) is not None}
    for *parents, index in sorted(acting, key=lambda probe: -int(probe[-1])):
        del dig(values, tuple(parents))[index]
        kind = parents[-1]
        yield f"{path}: [[probes.{kind}]] that sends something or uses secrets {why}"


def _own(path: KeyPath) -> KeyPath:
    """A path without the profile it stands in."""
    return path[2:] if path[0] == "profiles" else path


def _acting(leaf: Leaf) -> KeyPath | None:
    """The table of the probe that this value has do more than look: send, run, or give a secret away."""
    path, value = leaf.path, leaf.value
    own = _own(path)  # probes, kind, index, key, ...
    if own[:1] != ("probes",) or len(own) < 4 or not value:
        return None
    acts = own[3] in ("send", "command") or (own[3] == "method" and value == "POST")
    acts = acts or (own[1], own[3]) == ("sql", "query")  # functions do what no transaction forbids
    secret = own[3] == "headers" and "${" in str(value)
    return path[: len(path) - len(own) + 3] if acts or secret else None


def _readable(path: Path, values: Tree, info: os.stat_result) -> Iterator[str]:
    """Warn of a password that others can read."""
    if not info.st_mode & (stat.S_IRGRP | stat.S_IROTH):
        return
    if any(isinstance(leaf.value, str) and holds_secret(leaf.value) for leaf in leaves(values)):
        yield f"{path} holds a password and others can read it: chmod 600 {path}"
