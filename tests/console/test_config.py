"""Configuration: which place wins, what is told of a wrong value, and what a stranger's file may not do."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.config import Config, Limits
from console.errors import ConfigError
from console.findings import Severity
from console.layers import Loaded, load, merge, rows
from console.places import SIZE_LIMIT, read
from console.section import Section
from console.shape import MISSING, dig, dotted, fields, fits, leaves, table_of
from console.statements import line_of

User = dict[str, str]


@pytest.fixture
def user(tmp_path: Path) -> User:
    """An environment whose configuration lives in a directory of the test."""
    (tmp_path / "xdg" / "opsconsole").mkdir(parents=True)
    (tmp_path / "here").mkdir()
    return {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}


def write(user: User, text: str, mode: int = 0o600) -> Path:
    """The user's own file."""
    path = Path(user["XDG_CONFIG_HOME"]) / "opsconsole" / "config.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def loaded(user: User, **kwargs: Any) -> Loaded:
    """The configuration, with the current directory one of the test's."""
    return load(user, directory=Path(user["XDG_CONFIG_HOME"]).parent / "here", **kwargs)


def failure(user: User, **kwargs: Any) -> str:
    """The sentence a wrong configuration is refused with."""
    with pytest.raises(ConfigError) as caught:
        loaded(user, **kwargs)
    return str(caught.value)


def test_nothing_there_is_the_defaults(user: User) -> None:
    assert loaded(user).config == Config()
    assert not loaded(user).notes
    assert {origin for _, _, origin in rows(loaded(user))} == {"default"}


def test_each_place_wins_over_the_one_before(user: User) -> None:
    path = write(
        user, 'theme = "ops-light"\ninterval = 2\n[limits]\ncpu = [0.1, 0.2]\n[profiles.p]\ninterval = 5\n'
    )
    assert loaded(user).config.theme == "ops-light"
    here = path.parents[2] / "here" / "opsconsole.toml"
    here.write_text('theme = "war-room"\n')
    assert loaded(user).config.theme == "war-room"
    assert loaded(user).origin(("theme",)) == f"{here}:1"
    env = user | {"OPSCONSOLE_THEME": "high-contrast", "OPSCONSOLE_INTERVAL": "3", "OPSCONSOLE_PROFILE": "p"}
    result = loaded(env)
    assert result.config.theme == "high-contrast"
    assert result.origin(("theme",)) == "OPSCONSOLE_THEME"
    assert result.config.interval == 5
    assert result.origin(("interval",)) == f"profile p, {path}:6"
    result = loaded(env, options={"theme": "color-blind", "interval": "7"})
    assert (result.config.theme, result.config.interval) == ("color-blind", 7.0)
    assert result.origin(("interval",)) == "--interval"
    assert result.config.limits.cpu == (0.1, 0.2)
    assert result.origin(("limits", "cpu")) == f"{path}:4"
    assert result.origin(("limits", "disk")) == "default"


def test_a_list_replaces_the_list_below(user: User) -> None:
    path = write(user, '[[postgres]]\nname = "a"\nurl = "postgresql://a"\n[[postgres]]\nname = "b"\n')
    result = loaded(user | {"OPSCONSOLE_POSTGRES": '[{url = "postgresql://c"}]'})
    assert [target.url for target in result.config.postgres] == ["postgresql://c"]
    assert result.origin(("postgres", 0, "url")) == "OPSCONSOLE_POSTGRES"
    assert result.origin(("postgres", 0, "name")) == "default"
    assert loaded(user).origin(("postgres", 1, "name")) == f"{path}:5"


def test_a_profile_overrides_anything_and_keeps_its_banner(user: User) -> None:
    write(
        user,
        '[logs]\nkeep = 500\n[profiles.prod]\nbanner = "PROD"\ncolor = "warning"\n'
        '[profiles.prod.logs]\nfiles = ["/x"]',
    )
    config = loaded(user, options={"profile": "prod"}).config
    assert (config.profiles["prod"].banner, config.profiles["prod"].color) == ("PROD", "warning")
    assert (config.logs.keep, config.logs.files) == (500, ("/x",))
    assert loaded(user).config.logs.files == ()


def test_an_unknown_profile_names_those_there_are(user: User) -> None:
    write(user, "[profiles.production]\n[profiles.lab]\n")
    told = failure(user, options={"profile": "produktion"})
    assert told.startswith('--profile: there is no profile "produktion" (did you mean production?)')
    assert "production, lab" in told


def test_an_unknown_key_warns_and_does_not_stop(user: User) -> None:
    path = write(
        user, 'themes = "x"\n[limits]\ndisc = [1, 2]\n[profiles.a]\nintervall = 2\n[[redis]]\nurI = "x"\n'
    )
    result = loaded(user)
    assert result.config == Config(profiles=result.config.profiles, redis=result.config.redis)
    assert result.notes == (
        f"{path}:1: unknown key themes is ignored (did you mean theme?)",
        f"{path}:3: unknown key limits.disc is ignored (did you mean disk?)",
        f"{path}:5: unknown key profiles.a.intervall is ignored (did you mean interval?)",
        f"{path}:7: unknown key redis[0].urI is ignored (did you mean url?)",
    )


def test_thousands_of_unknown_keys_are_read_once_each(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(user, "".join(f"key{n} = {n}\n" for n in range(3000)))
    parsed: list[int] = []
    loads = tomllib.loads

    def counted(text: str) -> dict[str, Any]:
        parsed.append(len(text))
        return loads(text)

    monkeypatch.setattr(tomllib, "loads", counted)
    notes = loaded(user).notes
    assert len(notes) == 3000
    assert notes[2999] == f"{path}:3000: unknown key key2999 is ignored"
    assert sum(parsed) <= 2 * path.stat().st_size


def test_an_unknown_variable_warns(user: User) -> None:
    result = loaded(
        user | {"OPSCONSOLE_TEME": "x", "OPSCONSOLE_LIMITS": "1", "OPSCONSOLE_": "1", "OPSCONSOLE_THEME": ""}
    )
    assert result.config == Config()
    assert "OPSCONSOLE_TEME is ignored (did you mean OPSCONSOLE_THEME?)" in "\n".join(result.notes)
    assert len(result.notes) == 3


def test_variables_by_the_type_they_set(user: User) -> None:
    env = {
        "MOUSE": "off",
        "LOGS__FILES": " /a ,/b,",
        "LIMITS__CPU": "0.5,0.6",
        "KEYS__APP.QUIT": "q",
        "LOGS__KEEP": "100",
    }
    config = loaded(user | {f"OPSCONSOLE_{key}": value for key, value in env.items()}).config
    assert config.mouse is False
    assert config.logs.files == ("/a", "/b")
    assert config.limits.cpu == (0.5, 0.6)
    assert config.logs.keep == 100
    assert config.keys == {"app.quit": "q"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("interval = 0", ":1: interval = 0 cannot be used: it takes a number from 0.1 to 60"),
        ("interval = true", ":1: interval = True cannot be used: it takes a number from 0.1 to 60"),
        ("interval = nan", ":1: interval = nan cannot be used"),
        ('theme = "ops-drak"', ':1: theme = "ops-drak" cannot be used (did you mean ops-dark?): it takes '),
        ('\n[limits]\ncpu = "high"', ':3: limits.cpu = "high" cannot be used: it takes two numbers, '),
        ("limits.cpu = [1]", ":1: limits.cpu = [1] cannot be used"),
        ("limits = 3", ":1: limits = 3 cannot be used: it takes a table"),
        ("limits.cpu = [nan, 1]", ":1: limits.cpu = [nan, 1] cannot be used"),
        ("logs.files = 'x'", ':1: logs.files = "x" cannot be used: it takes a list of texts'),
        ("[postgres]\nurl = ''", ":1: postgres = {'url': ''} cannot be used: it takes tables in dou"),
        ("[[postgres]]\nurl = 'x'", ':2: postgres[0].url = "x" cannot be used: it takes postgresql://user@host:po'),
        ("[[redis]]\nurl = 'http://x'", ':2: redis[0].url = "http://x" cannot be used: it takes redis://host:port/0'),
        ("[[docker]]\nhost = 'ssh://-oProxyCommand=x'", ":2: docker[0].host ="),
        ("[profiles]\na = 3", ":2: profiles.a = 3 cannot be used: it takes a table"),
        ("[profiles.a]\ncolor = 'pink'", ':2: profiles.a.color = "pink" cannot be used'),
        ("[profiles.a]\ninterval = 'x'", ':2: profiles.a.interval = "x" cannot be used'),
        ("keys = {a = 1}", ":1: keys.a = 1 cannot be used: it takes a text in quotes"),
        ("mouse = 1", ":1: mouse = 1 cannot be used: it takes true or false"),
        ("theme = 'ops-dark", ":1: not TOML: "),
        ("a = 1\nb = [\n", ":3: not TOML: "),
        ("a = 1\na = 2\n", ":2: not TOML: Cannot overwrite a value"),
        ("a=" + "[" * 5000, " is nested too deeply"),
    ],
)  # fmt: skip
def test_a_wrong_value_names_file_line_key_value_and_what_is_accepted(
    user: User, text: str, told: str
) -> None:
    path = write(user, text)
    assert failure(user).startswith(f"{path}{told}")


def test_a_value_overridden_further_up_must_be_right_too(user: User) -> None:
    write(user, "interval = 'x'")
    assert "interval" in failure(user, options={"interval": "2"})


def test_a_wrong_variable_or_option_is_named(user: User) -> None:
    assert failure(user | {"OPSCONSOLE_MOUSE": "maybe"}).startswith(
        'OPSCONSOLE_MOUSE: mouse = "maybe" cannot'
    )
    assert failure(user | {"OPSCONSOLE_REDIS": "x"}).startswith(
        'OPSCONSOLE_REDIS: redis = "x" cannot be used'
    )
    assert failure(user, options={"interval": "soon"}).startswith(
        '--interval: interval = "soon" cannot be used'
    )


def test_limits_may_be_switched_off_with_infinity(user: User) -> None:
    write(user, "limits.cpu = [inf, inf]")
    assert loaded(user).config.limits.limit("cpu").judge(1e9).name == "OK"


def test_wrong_values_are_told_without_their_passwords(user: User) -> None:
    write(user, "[[postgres]]\nurl = 'postgrs://me:s3cret@h/d'\n")
    assert "s3cret" not in failure(user)
    write(user, "[[postgres]]\nurl = ['postgresql://me:s3cret@h/d']\n")
    assert "s3cret" not in failure(user)
    write(user, "postgres = 'postgresql://me:s3cret@h/d'\n")
    assert "s3cret" not in failure(user)
    write(user, "[[postgres]]\npassword_command = ['echo', 's3cret']\n")
    assert "s3cret" not in failure(user)


def test_every_value_is_told_without_secrets(user: User) -> None:
    write(user, "[[redis]]\nurl = 'redis://:s3cret@h'\npassword_command = 'echo s3cret'\n")
    told = {key: value for key, value, _ in rows(loaded(user))}
    assert told["redis[0].url"] == "redis://:***@h"
    assert told["redis[0].password_command"] == "echo …"


def test_a_file_named_must_be_there_and_is_the_only_one(user: User, tmp_path: Path) -> None:
    write(user, "interval = 2")
    named = tmp_path / "mine.toml"
    assert failure(user, file=named) == f"{named} does not exist: name an existing file after --config"
    named.write_text("mouse = false")
    assert loaded(user, file=named).config == Config(mouse=False)
    assert failure(user, file=tmp_path).startswith(f"{tmp_path} is a directory")


def test_a_file_that_cannot_be_read_says_so(user: User) -> None:
    path = write(user, "interval = 2", mode=0o000)
    if os.geteuid() == 0:
        path.unlink()
        path.symlink_to(path)  # nothing is closed to root, but a loop of links is
    assert failure(user).startswith(f"{path} cannot be read: ")


def test_what_no_right_would_open_asks_for_none(user: User) -> None:
    path = write(user, "")
    path.unlink()
    path.symlink_to(path)
    told = f"{path} cannot be read: Too many levels of symbolic links: mend its path"
    assert failure(user).startswith(told)


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("9" * 5000, ": a number has too many digits: correct it"),
        ("0x" + "f" * 5000, ":1: interval = a number of too many digits cannot be used"),
    ],
    ids=["read", "written"],
)
def test_a_number_of_more_digits_than_python_reads_or_writes_is_told(
    user: User, number: str, told: str
) -> None:
    path = write(user, f"interval = {number}")
    assert failure(user).startswith(f"{path}{told}")
    path.unlink()
    told = failure(user | {"OPSCONSOLE_REDIS": f"[{{url = {number}}}]"})
    assert told.startswith("OPSCONSOLE_REDIS: redis")
    assert "cannot be used" in told


def test_a_variable_that_is_no_utf8_is_told(user: User) -> None:
    told = failure(user | {"OPSCONSOLE_THEME": os.fsdecode(b"\xff")})
    assert told.startswith('OPSCONSOLE_THEME: theme = "\N{REPLACEMENT CHARACTER}" cannot be used')


def test_a_huge_or_binary_file_is_refused(user: User) -> None:
    path = write(user, "#" * (SIZE_LIMIT + 1))
    assert failure(user).startswith(f"{path} is larger than 1 MB")
    path.write_bytes(b"a = 1\nb = '\xff'\n")
    assert failure(user).startswith(f"{path}:2: not UTF-8")


def test_a_byte_order_mark_is_no_error(user: User) -> None:
    write(user, "\ufeffinterval = 2")
    assert loaded(user).config.interval == 2


def test_a_pipe_is_refused_and_never_waited_for(user: User) -> None:
    pipe = Path(user["XDG_CONFIG_HOME"]).parent / "here" / "opsconsole.toml"
    os.mkfifo(pipe)
    told = f"{pipe} is not a regular file: save the configuration in one"
    assert failure(user) == failure(user, file=pipe) == told
    assert loaded(user, file=Path("/dev/null")).config == Config()


SECRET_COMMAND = "[[postgres]]\nname = 'x'\npassword_command = 'touch /tmp/owned'\n"


def test_a_password_command_of_the_current_directory_is_not_taken(user: User) -> None:
    here = Path(user["XDG_CONFIG_HOME"]).parent / "here" / "opsconsole.toml"
    here.write_text(SECRET_COMMAND + "[[profiles.p.redis]]\npassword_command = 'x'\n")
    result = loaded(user, options={"profile": "p"})
    assert result.config.postgres[0].password_command == result.config.redis[0].password_command == ""
    assert result.config.postgres[0].name == "x"
    assert len([note for note in result.notes if "password_command is not run" in note]) == 2
    assert loaded(user, file=here).config.postgres[0].password_command == "touch /tmp/owned"


def test_no_command_of_an_engine_of_the_current_directory_is_taken(user: User) -> None:
    here = Path(user["XDG_CONFIG_HOME"]).parent / "here" / "opsconsole.toml"
    commands = "prometheus_password_command = 'touch a'\nalertmanager_password_command = 'touch b'\n"
    here.write_text(f"[alerts]\nverify = false\nca_file = 'x'\n{commands}[profiles.p.alerts]\n{commands}")
    for options in ({}, {"profile": "p"}):
        result = loaded(user, options=options)
        assert result.config.alerts == Config().alerts
        assert len([note for note in result.notes if "password_command is not run" in note]) == 4
    taken = loaded(user, file=here)
    assert taken.config.alerts.prometheus_password_command == "touch a"
    told = {key: value for key, value, _ in rows(taken)}
    assert told["alerts.prometheus_password_command"] == "touch …"


def test_no_kubeconfig_that_the_current_directory_names_is_read(user: User) -> None:
    here = Path(user["XDG_CONFIG_HOME"]).parent / "here" / "opsconsole.toml"
    here.write_text("[[kubernetes]]\nkubeconfig = './theirs'\nnamespaces = ['shop']\n")
    result = loaded(user)
    assert (result.config.kubernetes[0].kubeconfig, result.config.kubernetes[0].namespaces) == ("", ("shop",))
    assert any("kubeconfig is not run from the current directory" in note for note in result.notes)
    assert loaded(user, file=here).config.kubernetes[0].kubeconfig == "./theirs"


def test_no_password_goes_where_the_current_directory_says(user: User) -> None:
    own = "[alerts]\nprometheus = 'https://mine/'\nprometheus_password_command = 'pass mine'\n"
    sql = "[[probes.sql]]\nquery = 'SELECT 1'\ndatabase = '{}'\npassword_command = 'pass db'\n"
    write(user, own + sql.format("orders") + sql.format("postgresql://mine/"))
    assert loaded(user).config.alerts.prometheus_password_command == "pass mine"
    here = Path(user["XDG_CONFIG_HOME"]).parent / "here" / "opsconsole.toml"
    here.write_text("[[postgres]]\nname = 'orders'\nurl = 'postgresql://theirs/'\n")
    result = loaded(user)
    assert [one.password_command for one in result.config.probes.sql] == ["", "pass db"]
    assert result.config.alerts.prometheus_password_command == "pass mine"
    theirs = "prometheus = 'http://theirs/'\n"
    for text, options in ((f"[alerts]\n{theirs}", {}), (f"[profiles.p.alerts]\n{theirs}", {"profile": "p"})):
        here.write_text(text)
        for env in (user, user | {"OPSCONSOLE_ALERTS__PROMETHEUS_PASSWORD_COMMAND": "pass env"}):
            result = loaded(env, options=options)
            assert result.config.alerts.prometheus == "http://theirs/"
            assert result.config.alerts.prometheus_password_command == ""
            assert "no password is sent to this prometheus" in "".join(result.notes)


def test_a_profile_of_any_name_gets_nothing_past_the_current_directory(user: User) -> None:
    here = Path(user["XDG_CONFIG_HOME"]).parent / "here" / "opsconsole.toml"
    here.write_text(
        "[[profiles.probes.probes.command]]\ncommand = 'touch /tmp/owned'\n"
        "[[profiles.probes.probes.http]]\nurl = 'http://a/'\nheaders = {A = '${SECRET}'}\n"
    )
    probes = loaded(user, options={"profile": "probes"}).config.probes
    assert (probes.command, probes.http) == ((), ())


def test_no_statement_and_no_command_of_the_current_directory_is_taken(user: User) -> None:
    here = Path(user["XDG_CONFIG_HOME"]).parent / "here" / "opsconsole.toml"
    here.write_text(
        "[[probes.command]]\ncommand = 'touch /tmp/owned'\n"
        "[[probes.sql]]\nquery = 'SELECT pg_terminate_backend(1)'\n"
        "[[profiles.p.probes.sql]]\nquery = 'SELECT 1'\n"
        "[[probes.dns]]\nquery = 'example.com'\n"
        "[[probes.process]]\nprocess = 'nginx'\n"
    )
    probes = loaded(user, options={"profile": "p"}).config.probes
    assert (probes.command, probes.sql) == ((), ())
    assert (probes.dns[0].query, probes.process[0].process) == ("example.com", "nginx")
    assert len(loaded(user, file=here).config.probes.sql) == 1


def test_a_probe_of_the_current_directory_only_looks(user: User) -> None:
    """Whoever wrote the file may be a stranger: nothing is sent for them, no secret given away."""
    here = Path(user["XDG_CONFIG_HOME"]).parent / "here" / "opsconsole.toml"
    here.write_text(
        "[[probes.http]]\nurl = 'http://a/'\nmethod = 'POST'\n"
        "[[probes.http]]\nurl = 'http://b/'\nheaders = {A = 'b'}\n"
        "[[probes.http]]\nurl = 'http://c/'\nheaders = {A = 'Bearer ${AWS_SECRET_ACCESS_KEY}'}\n"
        "[[probes.tcp]]\naddress = 'localhost:6379'\nsend = 'FLUSHALL'\n"
        "[[profiles.p.probes.tcp]]\naddress = 'localhost:6379'\nsend = 'FLUSHALL'\n"
    )
    result = loaded(user)
    assert [one.url for one in result.config.probes.http] == ["http://b/"]
    assert result.config.probes.tcp == ()
    assert len([note for note in result.notes if "that sends something or uses secrets" in note]) == 4
    assert loaded(user, options={"profile": "p"}).config.probes.tcp == ()
    assert len(loaded(user, file=here).config.probes.http) == 3


def test_headers_are_never_shown(user: User) -> None:
    write(user, "[[probes.http]]\nurl = 'http://me:s3cret@a/'\nheaders = {Authorization = 'Bearer s3cret'}\n")
    told = {key: value for key, value, _ in rows(loaded(user))}
    assert told["probes.http[0].headers.Authorization"] == "***"
    assert "s3cret" not in str(told)
    write(user, "[[probes.http]]\nurl = 'http://a/'\nheaders = {Authorization = ['s3cret']}\n")
    assert "s3cret" not in failure(user)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            "[[probes.http]]\nurl = 'ftp://a'",
            'probes.http[0].url = "ftp://a" cannot be used: it takes http://host/path',
        ),
        (
            "[[probes.http]]\nlatency = [3, 1]",
            "it takes two numbers, [warning, critical], the first below the second",
        ),
        (
            "[[probes.tls]]\ndays = [7, 21]",
            "it takes two numbers, [warning, critical], the first above the second",
        ),
        ("[[probes.http]]\nstatus = ['20x']", "it takes a list of status codes: 200, 2xx"),
        ("[[probes.tcp]]\naddress = 'host'", "it takes host:port, an IPv6 address in brackets"),
        ("[[probes.dns]]\ntype = 'AAA'", "did you mean"),
        ("[[probes.http]]\ninterval = 0", "it takes a number from 1 to 86400"),
    ],
)
def test_a_wrong_probe_is_told_with_what_is_accepted(user: User, table: str, said: str) -> None:
    write(user, table + "\n")
    assert said in failure(user)


def test_a_password_command_is_taken_only_from_a_file_nobody_else_can_write(user: User) -> None:
    write(user, SECRET_COMMAND)
    assert loaded(user).config.postgres[0].password_command
    write(user, SECRET_COMMAND, mode=0o620)
    result = loaded(user)
    assert not result.config.postgres[0].password_command
    assert "others can write" in result.notes[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_files_of_other_users(user: User) -> None:
    path = write(user, SECRET_COMMAND)
    os.chown(path, 1234, 1234)
    assert "not run from a file of another user" in loaded(user).notes[0]
    here = Path(user["XDG_CONFIG_HOME"]).parent / "here" / "opsconsole.toml"
    here.write_text("interval = 3\n")
    os.chown(here, 1234, 1234)
    result = loaded(user)
    assert result.config.interval == 1
    assert "it belongs to another user" in "".join(result.notes)
    assert [file.state for file in result.files][1:] == ["read", "ignored"]


def test_a_file_everybody_can_write_in_the_current_directory_is_ignored(user: User) -> None:
    here = Path(user["XDG_CONFIG_HOME"]).parent / "here" / "opsconsole.toml"
    here.write_text("interval = 3\n")
    here.chmod(0o666)
    assert loaded(user).config.interval == 1
    assert "everybody can write it" in loaded(user).notes[0]


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_password_others_can_read_warns(user: User, mode: int) -> None:
    path = write(user, "[[redis]]\nurl = 'redis://:pw@h'\n", mode)
    assert loaded(user).notes == (f"{path} holds a password and others can read it: chmod 600 {path}",)
    path.chmod(0o600)
    assert not loaded(user).notes
    write(user, "[[redis]]\nurl = 'redis://h'\n", mode)
    assert not loaded(user).notes


def test_without_a_home_there_is_no_user_file() -> None:
    files = load({"HOME": "", "XDG_CONFIG_HOME": "relative"}, directory=Path("/nonexistent")).files
    assert [str(file.path) for file in files] == [
        "/etc/opsconsole/config.toml",
        "/nonexistent/opsconsole.toml",
    ]
    assert read(Path("/dev/null/x")).state == "not there"


# -- properties

NAMES = st.sampled_from(["a", "b", "c"])
TREES: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.dictionaries(NAMES, st.integers() | st.lists(st.integers(), max_size=2), max_size=3),
    lambda inner: st.dictionaries(NAMES, inner | st.integers(), max_size=3),
    max_leaves=8,
)


def paths(tree: Any, at: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Every value that is no table, by its path."""
    if not isinstance(tree, dict):
        return {at: tree}
    return {path: value for key, item in tree.items() for path, value in paths(item, (*at, key)).items()}


@given(TREES, TREES)
def test_merging_takes_every_value_of_the_upper_and_invents_none(under: Any, over: Any) -> None:
    result = paths(merge(under, over))
    assert paths(over).items() <= result.items()
    assert result.items() <= {**paths(under), **paths(over)}.items()


@given(TREES, TREES, TREES)
def test_merging_is_associative_and_has_a_neutral_element(a: Any, b: Any, c: Any) -> None:
    # a table over a value over a table: what is below the value never shows through again
    left, right = merge(merge(a, b), c), merge(a, merge(b, c))
    assert paths(left).items() >= paths(c).items() <= paths(right).items()
    assert merge(a, {}) == a == merge({}, a) == merge(a, a)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from([*fields(Config), "nonsense"])


@given(st.dictionaries(KEYS, JUNK, max_size=4))
def test_whatever_a_tree_holds_it_fits_or_its_leaves_say_why(tree: Any) -> None:
    """The walk over the leaves and msgspec's own conversion never disagree."""
    tree.pop("profiles", None)  # a profile holds more than its struct has
    found = list(leaves(tree))
    good = all(leaf.type is not None and fits(leaf) for leaf in found)
    try:
        msgspec.convert(tree, Config)
        converted = True
    except msgspec.ValidationError:
        converted = False
    assert converted or not good
    if converted and not good:  # only not-a-number is refused by us alone
        assert "nan" in repr(tree)


BYTES = st.characters(exclude_categories=()) | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF)
"""What a variable may hold: also bytes that are no UTF-8, as Python keeps them."""


@settings(max_examples=40, deadline=None)  # each is some dozens of loads
@given(st.dictionaries(st.text(min_size=1, max_size=12), st.text(BYTES, max_size=12), max_size=3))
def test_no_environment_ends_in_anything_but_a_configuration_or_a_config_error(env: dict[str, str]) -> None:
    named = {f"OPSCONSOLE_{key.upper()}": value for key, value in env.items()}
    for name in (*fields(Config), "limits__cpu", "logs__files", "keys__a"):
        for value in env.values():
            try:
                load(named | {f"OPSCONSOLE_{name.upper()}": value}, directory=Path("/nonexistent"))
            except ConfigError:
                continue  # anything else is a defect, and fails the test


def test_lines_are_found_where_the_value_is_and_nowhere_else() -> None:
    text = (
        '# interval = 9\nnote = """\ninterval = 8\n"""\n[limits]\ncpu = [\n  1,\n  2,\n]\n[a]\ninterval = 3\n'
    )
    assert line_of(text, ("limits", "cpu")) == 6
    assert line_of(text, ("a", "interval")) == 11
    assert line_of(text, ("note",)) == 2
    assert line_of(text, ("interval",)) == 0
    assert line_of("x = {interval = 1}\n", ("x", "interval")) == 1
    assert line_of('[[r]]\nurl="a"\n[[r]]\nurl="b"\n', ("r", 1, "url")) == 4
    text = """# [x]\r\n\r\n  [[ p."q.r" ]] # ]\r\na.b = '['\r\n[p."q.r".s]\r\nt = [{u = "}"}, # [\r\n]\r\n"""
    assert line_of(text, ("p", "q.r", 0, "a", "b")) == 4
    assert line_of(text, ("p", "q.r", 0, "s", "t", 0, "u")) == 6
    text = 'a = """\\""" [\n""\n"""""\nb = \'\'\'\'[\n\\\'\'\'\nc = "\\"["\nd = "\u2028"\ne = 1'
    assert [line_of(text, (key,)) for key in tomllib.loads(text)] == [1, 4, 6, 7, 8]


def test_digging() -> None:
    assert dig({"a": [{"b": 1}]}, ("a", 0, "b")) == 1
    assert dig({"a": [1]}, ("a", 1)) is MISSING
    assert dig({"a": 1}, ("a", "b")) is MISSING
    assert dotted(("postgres", 0, "url")) == "postgres[0].url"


def test_every_threshold_becomes_a_limit() -> None:
    limits = Limits()
    assert {limits.limit(name).rising for name in fields(Limits)} == {True, False}
    assert limits.limit("cache_hit").rising is False


@pytest.mark.parametrize(("name", "well"), [("redis_hit", 0.99), ("cache_hit", 0.99), ("disk", 0.1)])
def test_a_threshold_of_two_same_numbers_is_crossed_the_way_its_figure_goes_wrong(
    name: str, well: float
) -> None:
    limit = Limits(**{name: (0.8, 0.8)}).limit(name)
    assert limit.judge(well) is Severity.OK
    assert limit.judge(1.0 - well) is Severity.CRITICAL


def test_every_section_refuses_unknown_fields() -> None:
    """So that the walk over the leaves, not luck, decides what is known."""
    sections: list[type[Section]] = [Config, *filter(None, map(table_of, fields(Config).values()))]
    for section in sections:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"surely unknown": 1}, section)


def test_loading_without_files_imports_nothing_it_does_not_need(tmp_path: Path) -> None:
    """It stands before the first paint."""
    code = (
        "import sys, console.layers as l; l.load({'HOME': sys.argv[1]});"
        "heavy = {'tomllib', 'difflib', 'textual', 'asyncio', 'subprocess', 'json', 'logging'};"
        "print(*heavy & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    ("line", "order"), [("disk = [0.9, 0.8]", "below"), ("redis_hit = [0.5, 0.8]", "above")]
)
def test_thresholds_in_the_wrong_order_are_refused(tmp_path: Path, line: str, order: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"[limits]\n{line}\n")
    with pytest.raises(ConfigError, match=f"the first {order} the second"):
        load({}, file=file)
