"""Values of variables reach commands as data: byte for byte, and never as something that runs."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from console.guides.model import StepKind, Variable
from console.runs.binding import Bound, Unbindable, bind, resolved
from tests.console.runs.kit import step

WITNESS = "/usr/bin/printf %s\\0"
"""A program, not a builtin: prints each of its arguments with a NUL behind it."""
NAME = Variable("name", "<name>")
NASTY = [
    "it's",
    'say "hi"',
    "$(touch HACKED)",
    "`touch HACKED`",
    "a; touch HACKED",
    "a && touch HACKED",
    "a\ntouch HACKED",
    "a | tee HACKED",
    "> HACKED",
    "$HOME ${HOME} $((1+1))",
    "*",
    "~",
    "a\\",
    "\\'",
    "'; touch HACKED; '",
    '"; touch HACKED; "',
    "EOF\ntouch HACKED\n",
    "\udcff\udc80",
    "\x01\x1b[31m",
    "é ✓ 漢",
    "x" * 100_000,
    " leading and trailing ",
    "",
]


def run(bound: Bound, directory: Path) -> str:
    """What the commands of a script have printed."""
    script = directory / "script"
    script.write_bytes(bound.text.encode("utf-8", "surrogateescape"))
    env = {"PATH": os.environ["PATH"], "W": WITNESS, "HOME": "/nonexistent", **bound.env}
    words = ["bash", "--norc", str(script)]
    done = subprocess.run(words, env=env, cwd=directory, capture_output=True, check=False, timeout=60)
    assert not list(directory.glob("HACKED*")), (bound.text, bound.env)
    assert not done.stderr
    return os.fsdecode(done.stdout)


def shell(text: str, value: str, variable: Variable = NAME) -> Bound:
    return bind(StepKind.SHELL, text, [variable], {variable.name: value})


PLACES = [
    ("$W x <name>", "x\0{}\0"),
    ('$W x "<name>"', "x\0{}\0"),
    ("$W x '<name>'", "x\0{}\0"),
    ("$W x $'a\\tb<name>c'", "x\0a\tb{}c\0"),
    ("$W x /var/lib/<name>/data", "x\0/var/lib/{}/data\0"),
    ("$W --name=<name>", "--name={}\0"),
    ('$W "a <name> b"', "a {} b\0"),
    ("$W 'a $HOME <name> b'", "a $HOME {} b\0"),
    ('X=<name>; $W "$X"', "{}\0"),
    ('for one in <name>; do $W "$one"; done', "{}\0"),
    ('X="$(printf %s. <name>)"; $W "$X"', "{}.\0"),
    ("if true; then ( $W x <name> ); fi", "x\0{}\0"),
    ("cat <<EOF\nbefore <name> after\nEOF\n", "before {} after\n"),
    ("cat <<<'<name>'", "{}\n"),
    ("printf %s <name> | cat", "{}"),
    ("# about <name>\n$W x", "x\0"),
    ('f() { $W "$1"; }; f <name>', "{}\0"),
    ("case <name> in zzz) ;; *) $W ok;; esac", "ok\0"),
]


@pytest.mark.parametrize(("text", "expected"), PLACES)
def test_a_value_arrives_byte_for_byte(text: str, expected: str, tmp_path: Path) -> None:
    for value in NASTY:
        assert run(shell(text, value), tmp_path) == expected.replace("{}", value)


ANY = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@given(value=ANY, place=st.sampled_from(PLACES))
@example(value="$(touch HACKED)", place=PLACES[0])
@settings(max_examples=200)
def test_any_value_in_any_place(
    value: str, place: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    text, expected = place
    try:
        bound = shell(text, value)
    except Unbindable:
        assert value.startswith("-")
        return
    assert run(bound, tmp_path_factory.getbasetemp()) == expected.replace("{}", value)


READERS = [
    ("sh -c 'echo <name>'", "sh"),
    ('bash -lc "echo <name>"', "bash"),
    ("ssh web 'systemctl status <name>'", "ssh"),
    ("ssh <name> uptime", "ssh"),
    ("psql -c \"SELECT '<name>'\"", "psql"),
    ("psql --command='DROP ROLE <name>'", "psql"),
    ("docker exec db psql -U app -c \"SELECT '<name>'\"", "psql"),
    ("mongosh --eval 'db.users.find({name: \"<name>\"})'", "mongosh"),
    ("python3 -c 'print(\"<name>\")'", "python3"),
    ("awk '/<name>/ {print}' log", "awk"),
    ("sed -i 's/a/<name>/' file", "sed"),
    ("jq '.<name>' file", "jq"),
    ("eval echo <name>", "eval"),
    ("watch 'ls <name>'", "watch"),
    ("echo 'DROP TABLE <name>' | psql", "psql"),
    ("psql <<EOF\nDROP TABLE <name>;\nEOF\n", "psql"),
    ("cat <<'EOF'\n<name>\nEOF\n", "here-document"),
    ("cat <<EOF | sh\necho <name>\nEOF\n", "sh"),
    ("sudo -u app sh -c 'echo <name>'", "sh"),
    ("find . -exec sh -c 'echo <name>' \\;", "sh"),
    ("<name> --version", "program's name"),
    ("echo $(( <name> + 1 ))", "number"),
    ("[[ <name> -gt 3 ]]", "[[ ]]"),
    ("export <name>", "as a name"),
    ('"`echo <name>`"', "back quotes"),
]


@pytest.mark.parametrize(("text", "reader"), READERS)
def test_where_a_second_interpreter_reads_only_harmless_values_are_let_in(text: str, reader: str) -> None:
    for value in ("$(touch HACKED)", "a b", "x';--", 'x"', "a;b", "`x`", "a[$(id)]"):
        with pytest.raises(Unbindable) as refused:
            shell(text, value)
        assert reader in str(refused.value)


@pytest.mark.parametrize(("text", "reader"), READERS)
def test_harmless_values_pass_there(text: str, reader: str) -> None:
    value = "7" if "((" in text else "orders_2026.bak"
    shown = shell(text, value).shown
    assert value in shown
    assert "<name>" not in shown


@pytest.mark.parametrize("text", ["rm <name>", 'rm "<name>"', "docker logs --tail 5 <name>", "rm '<name>'"])
def test_a_value_does_not_become_an_option(text: str) -> None:
    with pytest.raises(Unbindable, match="begins with -"):
        shell(text, "-rf")


def test_behind_two_dashes_a_value_may_begin_with_one(tmp_path: Path) -> None:
    assert run(shell("$W -- <name>", "-rf"), tmp_path) == "--\0-rf\0"
    assert run(shell("$W --tail=<name>", "-rf"), tmp_path) == "--tail=-rf\0"


def test_what_no_program_can_be_given_is_refused() -> None:
    for value, reason in (("a\0b", "NUL"), ("\ud800", "half a character"), ("x" * 130_000, "130,000 bytes")):
        with pytest.raises(Unbindable, match=reason):
            shell("echo <name>", value)


def test_a_variable_of_the_shell_s_own(tmp_path: Path) -> None:
    variable = Variable("DB_HOST", "$DB_HOST")
    bound = shell("$W $DB_HOST \"${DB_HOST}x\" '$DB_HOST'", "a b $(touch HACKED)", variable)
    assert run(bound, tmp_path) == "a b $(touch HACKED)\0a b $(touch HACKED)x\0$DB_HOST\0"


def test_a_variable_cannot_replace_the_path(tmp_path: Path) -> None:
    bound = shell("$W $PATH", "/evil", Variable("PATH", "$PATH"))
    assert "PATH" not in bound.env
    assert run(bound, tmp_path) == "/evil\0"


def test_several_variables_and_all_their_places(tmp_path: Path) -> None:
    variables = [Variable("name", "<name>"), Variable("name 2", "<name-2>"), Variable("file", "backup_file")]
    values = {"name": "a b", "name 2": "c'd", "file": "e\nf"}
    bound = bind(StepKind.SHELL, '$W <name> "<name-2>" backup_file <name> my_backup_file', variables, values)
    assert run(bound, tmp_path) == "a b\0c'd\0e\nf\0a b\0my_backup_file\0"
    assert len(bound.env) == 3


def test_a_secret_is_shown_nowhere() -> None:
    variable = Variable("password", "<password>", secret=True)
    bound = shell('curl -u app:<password> "http://x/?p=<password>"', "s3cret!!", variable)
    assert "s3cret" not in bound.text + bound.shown
    assert bound.secret == frozenset(bound.env)
    assert resolved(step("x <password>", variables=[variable]), {"password": "s3cret!!"}) == "x ***"
    with pytest.raises(Unbindable, match="secret"):
        shell("sh -c 'echo <password>'", "harmless", variable)


@pytest.mark.parametrize(
    "value", ["it's", "", 'x"; DROP TABLE t; --', "a.b", "x'||pg_sleep(9)||'", "$1", "\\"]
)
def test_sql_values_are_parameters(value: str) -> None:
    text = "SELECT * FROM t WHERE a = '<name>' AND b = <name> AND c LIKE '%<name>''s%'; SELECT 1"
    first, second = bind(StepKind.SQL, text, [NAME], {"name": value}).statements
    plain = "".join(piece for piece in first.pieces if isinstance(piece, str))
    assert plain == "SELECT * FROM t WHERE a =  AND b =  AND c LIKE "
    assert first.values == (value, value, f"%{value}'s%")
    assert second.values == ()


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("SELECT * FROM <name>", 'a"b; DROP TABLE t', 'SELECT * FROM "a""b; DROP TABLE t"'),
        ("SELECT * FROM <name>", "public.orders", 'SELECT * FROM "public"."orders"'),
        ("SELECT * FROM audit.<name> a", "x y", 'SELECT * FROM audit."x y" a'),
        ('ALTER TABLE "<name>" RENAME TO x', 'a"b', 'ALTER TABLE "a""b" RENAME TO x'),
        ("VACUUM ANALYZE <name>", "orders", 'VACUUM ANALYZE "orders"'),
        ("DROP DATABASE IF EXISTS <name>", "x; y", 'DROP DATABASE IF EXISTS "x; y"'),
        ("REINDEX INDEX CONCURRENTLY <name>", "i", 'REINDEX INDEX CONCURRENTLY "i"'),
        ("GRANT SELECT ON t TO <name>", "r-1", 'GRANT SELECT ON t TO "r-1"'),
        ("SELECT 1 -- about <name>\n", "x\n; DROP", "SELECT 1 -- about <name>\n"),
    ],
)
def test_sql_names_are_quoted(text: str, value: str, expected: str) -> None:
    (statement,) = bind(StepKind.SQL, text, [NAME], {"name": value}).statements
    assert "".join(map(str, statement.pieces)) == expected


def test_sql_that_is_not_for_the_server_is_refused() -> None:
    with pytest.raises(Unbindable, match="psql's own"):
        bind(StepKind.SQL, "\\dt+\nSELECT 1", [], {})
    with pytest.raises(Unbindable, match="dollar"):
        bind(StepKind.SQL, "DO $$ BEGIN RAISE '<name>'; END $$", [NAME], {"name": "x'; DROP"})


def test_sql_is_divided_at_statements_only() -> None:
    text = "SELECT ';', $a$;$a$, E'\\';' /* ; /* ; */ ; */; -- ;\nSELECT \";\" ;;\n"
    found = bind(StepKind.SQL, text, [], {}).statements
    assert ["".join(map(str, one.pieces)).strip() for one in found] == [
        "SELECT ';', $a$;$a$, E'\\';' /* ; /* ; */ ; */",
        '-- ;\nSELECT ";"',
    ]
    assert [one.line for one in found] == [1, 2]


def test_redis_values_are_words() -> None:
    bound = bind(
        StepKind.REDIS, '> GET x\n127.0.0.1:6379> SET "k <name>" <name>\n', [NAME], {"name": "a b\n'\""}
    )
    assert bound.calls[-1] == ("SET", "k a b\n'\"", "a b\n'\"")


@pytest.mark.parametrize("value", NASTY[:16])
def test_mongosh_values_are_json(value: str) -> None:
    text = "db.users.find({name: \"<name>\", b: '<name>', c: <name>, d: 'it\\'s <name>'}) // <name>"
    bound = bind(StepKind.MONGO, text, [NAME], {"name": value})
    told = json.dumps(value)
    assert bound.text == (
        f'db.users.find({{name: {told}, b: {told}, c: {told}, d: "it\'s {told[1:-1]}"}}) // <name>'
    )
