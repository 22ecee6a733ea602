"""Attempts to make a value run: by builtins, programs, the ways a shell text sends it, in every kind."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.guides.model import StepKind, Variable
from console.runs.binding import Bound, Unbindable, bind
from tests.console.runs.test_binding import NAME, NASTY, run, shell

SUBSCRIPT = "a[$(touch HACKED)]"
COMMAND = "a; touch HACKED; $(touch HACKED)"
WORDS = "touch HACKED"

BROKEN = [
    # builtins that evaluate what they are given
    ("[ -v <name> ]", SUBSCRIPT),
    ("test -v <name>", SUBSCRIPT),
    ("printf -v <name> x", SUBSCRIPT),
    ("builtin printf -v '<name>' x", SUBSCRIPT),
    ("builtin let x=<name>", SUBSCRIPT),
    ("command declare <name>=1", SUBSCRIPT),
    ("declare -i n; n=<name>", SUBSCRIPT),
    ("f() { local -i n; n=<name>; }; f", SUBSCRIPT),
    ('compgen -W "<name>"', COMMAND),
    ("m=([<name>]=1)", SUBSCRIPT),
    ("((<name> > 3))", SUBSCRIPT),
    ("cat <<EOF\n$((1 <name> 2))\nEOF\n", SUBSCRIPT),
    ("PS4=<name>; set -x; :", COMMAND),
    # programs that take an argument, or a variable, for a command
    ('GIT_SSH_COMMAND="ssh -i <name>" git ls-remote ssh://x/y', COMMAND),
    ('git -c core.sshCommand="ssh -i <name>" ls-remote ssh://x/y', COMMAND),
    ('tar -cf /dev/null --checkpoint=1 --checkpoint-action=exec="<name>" /etc/hostname', WORDS),
    ('tar -I "<name>" -cf x.tar /etc/hostname', WORDS),
    ('rsync -e "ssh -i <name>" a host:b', COMMAND),
    ('flock lock -c "echo <name>"', COMMAND),
    ("make -f /dev/stdin <<EOF\nall:\n\techo <name>\nEOF\n", COMMAND),
    ("make deploy VERSION=<name>", COMMAND),
    ('$SHELL -c "echo <name>"', COMMAND),
    ('"$BASH" -c "echo <name>"', COMMAND),
    ('S=sh; $S -c "echo <name>"', COMMAND),
    ("source /dev/stdin <<EOF\necho <name>\nEOF\n", COMMAND),
    ('bash <(echo "echo <name>")', COMMAND),
    ('bash < <(echo "<name>")', COMMAND),
    ("kubectl apply -f - <<EOF\nmetadata:\n  name: <name>\nEOF\n", "x\n  hostPID: true"),
    # files that are run
    ("cat > x.sh <<EOF\necho <name>\nEOF\nsh x.sh", COMMAND),
    ("cat <<EOF > /opt/backup.sh\necho <name>\nEOF\n", COMMAND),
    ("tee x.sh <<EOF >/dev/null\necho <name>\nEOF\nbash x.sh", COMMAND),
    ('echo "<name>" > x; bash x', COMMAND),
    ('echo "<name>" > x\nchmod +x x\n./x', COMMAND),
    ('echo "* * * * * <name>" > /etc/cron.d/x', COMMAND),
    # variables, loops, functions
    ('X=<name>; eval "echo $X"', COMMAND),
    ('X="$(echo <name>)"; Y=$X; sh -c "echo $Y"', COMMAND),
    ("X=<name>; echo $((X + 1))", SUBSCRIPT),
    ("X=<name>; ((X > 3))", SUBSCRIPT),
    ("X=<name>; a=(1 2); echo ${a[$X]}", SUBSCRIPT),
    ("X=<name>; [[ $X -gt 3 ]]", SUBSCRIPT),
    ('for X in <name>; do ssh web "restart $X"; done', COMMAND),
    ('read -r X <<< "<name>"; eval "echo $X"', COMMAND),
    ('echo <name> | while read -r X; do sh -c "echo $X"; done', COMMAND),
    ('printf -v X %s <name>; eval "echo $X"', COMMAND),
    ('f() { sh -c "echo $1"; }; f <name>', COMMAND),
    ('f() { local x=$1; eval "echo $x"; }; f <name>', COMMAND),
    ('f() { echo "<name>"; }; f | bash', COMMAND),
    ('set -- <name>; eval "echo $1"', COMMAND),
    ("X=<name>; $X", WORDS),
    ("X=<name>; rm $X", "a b"),
    ("X=<name>; rm $X", "*"),
    ('X=<name>; rm "$X"', "-rf"),
    # where the value would not stand as it is written
    ("echo \\<name>", COMMAND),
    ('echo "\\<name>"', COMMAND),
    ("sed 's/a/<name>/g'", "x/w"),
    ("sed -n '/<name>/p'", "a/w/tmp/x"),
    ("sed -i 's|a|<name>|' file", "x|e"),
    ("awk '/<name>/ {print}' log", "a/b"),
    ("sh -c '<name> restart'", "LD_PRELOAD=/tmp/x"),
    ('psql -c "DELETE FROM t WHERE id = <name> AND tenant = 5"', "1--"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), BROKEN)
def test_what_would_make_a_value_run_is_refused(text: str, value: str) -> None:
    with pytest.raises(Unbindable):
        shell(text, value)
    if "X=<name>; " not in text or "$X" not in text:
        return
    plain = "7" if any(sign in text for sign in ("((", "[$X]")) else "orders_7"
    assert shell(text, plain)  # what means itself everywhere passes


PASSES = [
    ("X=<name>; $W \"$X\" '$X'", COMMAND, f"{COMMAND}\0$X\0"),
    ('export X=<name>; bash -c \'/usr/bin/printf "%s\\0" "$X"\'', COMMAND, f"{COMMAND}\0"),
    ('f() { $W "$1" "$@"; }; f <name>', COMMAND, f"{COMMAND}\0{COMMAND}\0"),
    ('X=<name>; case $X in zzz) ;; *) $W "${X}"; esac', COMMAND, f"{COMMAND}\0"),
    ('X=<name>; Y=$X; cat <<< "$Y"', COMMAND, f"{COMMAND}\n"),
    ('cat > notes.txt <<EOF\n<name>\nEOF\n$W "$(cat notes.txt)"', COMMAND, f"{COMMAND}\0"),
    ("$W ${NOT_THERE:-<name>}", COMMAND, f"{COMMAND}\0"),
    ('$W "${NOT_THERE:-a <name>}"', COMMAND, f"a {COMMAND}\0"),
    ("sed 's|a|<name>|' <<< a", "x/y", "x/y\n"),
    ("sed -e 's,a,b,' <name>", "/dev/null", ""),
    ("$W <name> > dump.sql; cat dump.sql", COMMAND, f"{COMMAND}\0"),
    ('$W "[<name>]"', "web", "[web]\0"),
    ("$W read <name>", COMMAND, f"read\0{COMMAND}\0"),
    # JSON in quotes stays JSON, whatever is in the value
    ('$W \'{"text": "<name>"}\'', 'it\'s "x"\n$(touch HACKED)\\', None),
    ('$W "{\\"text\\": \\"a <name>\\"}"', 'it\'s "x"\n$(touch HACKED)\\', None),
    ('cat <<EOF\n{"text": ["<name>", {"n": 1}]}\nEOF\n', 'it\'s "x"\n$(touch HACKED)\\', None),
    ('$W \'{"replicas": <name>}\'', "3", '{"replicas": 3}\0'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value", "expected"), PASSES)
def test_what_stays_data_passes(text: str, value: str, expected: str | None, tmp_path: Path) -> None:
    said = run(shell(text, value), tmp_path)
    if expected is not None:
        assert said == expected
        return
    told = json.loads(said.removesuffix("\0"))["text"]
    assert value in (told, told[2:], told[0])


def test_json_cannot_be_left() -> None:
    with pytest.raises(Unbindable, match="JSON without quotes"):
        shell('kubectl patch deploy x -p \'{"spec": {"replicas": <name>}}\'', '3}, "x": {"y": 1')
    bound = shell('curl -d \'{"text": "<name>"}\' http://x', 'a", "channel": "b')
    assert bound.env["OPS_name_JSON"] == 'a\\", \\"channel\\": \\"b'
    assert 'a\\", \\"channel\\": \\"b' in bound.shown
    secret = shell('curl -d \'{"pw": "<name>"}\' x', 'p"w', Variable("name", "<name>", secret=True))
    assert secret.secret == {"OPS_name", "OPS_name_JSON"}
    assert 'p"w' not in secret.shown
    assert "p\\" not in secret.shown


def test_a_secret_is_not_given_on_in_arguments_by_a_detour() -> None:
    secret = Variable("name", "<name>", secret=True)
    with pytest.raises(Unbindable, match="secret, and ssh"):
        shell('PW=<name>; ssh db "mysql -p$PW"', "harmless", secret)
    assert shell('PW=<name>; PGPASSWORD="$PW" psql -l', "it's $x", secret)
    assert shell("PGPASSWORD=<name> psql -h db -c 'SELECT 1'", "it's $x", secret)


# -- places within places


WRAPS = [
    "{}", "( {} )", "{{ {}; }}", "if true; then {}; fi", "for i in 1; do {}; done", "f() {{ {}; }}; f",
    'printf %s "$({})"', "X=`{}`; printf %s \"$X\"", "cat <<< \"$({})\"", "cat <<EOF\n$({})\nEOF\n",
    "{} | cat", "! false && {}", "case x in x) {} ;; esac", "X=$({}); printf %s \"$X\"",
    "while {}; do break; done",
    "{} 2>&1", "A=1 B=2; {}", "cat <({})", "time {}", "{} # about <name>", "set -u; {}", "true &\nwait; {}",
]  # fmt: skip
WORD = [
    "<name>",
    '"<name>"',
    "'<name>'",
    "$'<name>'",
    '"${N:-<name>}"',
    "a'b'<name>\"c\"",
    "'a'<name>",
    '"$(printf %s <name>)"',
]
VALUE = st.one_of(
    st.sampled_from([*NASTY[:20], SUBSCRIPT, COMMAND, "-n", "--", "%s", "a\\nb", "$1", "{a,b}", "!!"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
)


@given(wraps=st.lists(st.sampled_from(WRAPS), max_size=3), word=st.sampled_from(WORD), value=VALUE)
@settings(max_examples=200)
def test_whatever_is_around_a_value_it_arrives_or_is_refused(
    wraps: list[str], word: str, value: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = f"/usr/bin/printf %s. {word}"
    for wrap in wraps:
        if "`" not in text:  # which do not nest as they stand
            text = wrap.format(text)
    try:
        bound = shell(text, value)
    except Unbindable:
        return
    directory = tmp_path_factory.getbasetemp()
    said = _said(bound.text, bound.env, directory)
    assert not list(directory.glob("HACKED*")), bound.text
    if b"x7" not in _said(text.replace("<name>", "x7"), {}, directory):
        return  # it did not print what stands there before either
    first, last = {"a'b'<name>\"c\"": ("ab", "c"), "'a'<name>": ("a", "")}.get(word, ("", ""))
    # a substitution takes the last line ends away
    wanted = [os.fsencode(f"{first}{one}{last}") for one in (value, value.rstrip("\n"))]
    assert any(one in said for one in wanted), bound.text


def _said(text: str, env: Mapping[str, str], directory: Path) -> bytes:
    """What it prints; nothing when bash cannot parse it (a `case` after `time` in `$(...)`, for one)."""
    script = directory / "script"
    script.write_bytes(text.encode("utf-8", "surrogateescape"))
    done = subprocess.run(
        ["bash", "--norc", str(script)], env={"PATH": os.environ["PATH"], **env}, cwd=directory,
        stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    return b"" if b"syntax error" in done.stderr else done.stdout


# -- the other kinds


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("EVAL \"return redis.call('get', '<name>')\" 0", "x') redis.call('flushall"),
        ("eval_ro 'return <name>' 0", "redis.call('x')"),
        ("SCRIPT LOAD 'return \"<name>\"'", '" x'),
        ("FUNCTION LOAD '<name>'", "#!lua name=x\n"),
    ],
)
def test_redis_programs_hold_no_values(text: str, value: str) -> None:
    with pytest.raises(Unbindable, match="program of Redis"):
        bind(StepKind.REDIS, text, [NAME], {"name": value})


def test_redis_programs_get_values_as_arguments() -> None:
    text = "EVAL \"return redis.call('get', KEYS[1])\" 1 <name>"
    assert bind(StepKind.REDIS, text, [NAME], {"name": "x') y"}).calls[0][3] == "x') y"


def mongo(text: str, value: str) -> Bound:
    return bind(StepKind.MONGO, text, [NAME], {"name": value})


EVIL = '/}); db.dropDatabase(); ({a: /"'


@pytest.mark.parametrize(
    "text",
    [
        "db.x.find({a: /<name>/})",
        "db.x.find({a: /(<name>)/i, b: 1})",
        "db.x.find({a: /it's <name>/, b: 'x'})",
        "db.x.find({a: /[/']<name>/, b: 'x'})",
        "if (x) /<name>/.test(y)",
        "db.x.find({a: `${<name>}`})",
        "use <name>",
        "db.orders_<name>.drop()",
        "print('\\<name>')",
    ],
)
def test_javascript_cannot_be_left(text: str) -> None:
    for value in (EVIL, "x; db.dropDatabase()", "a'b", '"'):
        with pytest.raises(Unbindable):
            mongo(text, value)


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("db.<name>.stats()", EVIL, f"db[{json.dumps(EVIL)}].stats()"),
        ("db.<name>.find().limit(5)", "orders", 'db["orders"].find().limit(5)'),
        ("db.x.find().limit(<name>)", "5", "db.x.find().limit(5)"),
        ("db.x.find({a: <name>})", EVIL, f"db.x.find({{a: {json.dumps(EVIL)}}})"),
        ("db.x.find({a: /^<name>$/})", "ana", "db.x.find({a: /^ana$/})"),
        ("use <name>", "shop-eu", "use shop-eu"),
        ("db.orders_<name>.count()", "2026", "db.orders_2026.count()"),
        ("x = 10 / <name> / 2 // <name>", "5", "x = 10 / 5 / 2 // <name>"),
        ("print('a \"b\" <name>') /* <name> */", "c'\n", 'print("a \\"b\\" c\'\\n") /* <name> */'),
    ],
)
def test_javascript_values(text: str, value: str, expected: str) -> None:
    assert mongo(text, value).text == expected


def test_sql_a_negative_number_begins_no_comment() -> None:
    from console.runs.binding_sql import bare_literal

    assert f"SELECT 1 -{bare_literal('-5')}" == "SELECT 1 - -5"
    assert bare_literal("5 -- x") == ""
