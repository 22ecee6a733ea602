"""The shell tree: where statements end, which commands there are at any depth, whatever the text is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.guides.shell import Command, parse
from tests.console.guides.commands import CHANGE, DESTRUCTIVE, READS, UNKNOWN

SECTIONED = """#!/bin/bash
# 1. Look at the disk
df -h

# 2. Every unit
for unit in api db; do
  # its state
  systemctl status "$unit"
done

# 3. Feed the database
psql shop <<EOF
select 1;

# not a comment
EOF
tar -czf x.tgz \\
  /srv/app   # the whole tree
report() {
  df
}
if true; then
  ls
fi &
cd /srv && ls; echo done
"""


def values(text: str) -> list[tuple[str | None, ...]]:
    return [command.values for command in parse(text).commands]


def only(text: str) -> Command:
    (command,) = parse(text).commands
    return command


def test_statements_end_where_the_shell_ends_them() -> None:
    script = parse(SECTIONED)
    assert script.ok
    assert [(one.line, one.end_line, one.text.split("\n")[0]) for one in script.statements] == [
        (2, 2, "df -h"),
        (5, 8, "for unit in api db; do"),
        (11, 15, "psql shop <<EOF"),
        (16, 17, "tar -czf x.tgz \\"),
        (18, 20, "report() {"),
        (21, 23, "if true; then"),
        (24, 24, "cd /srv && ls"),
        (24, 24, "echo done"),
    ]
    assert script.statements[2].text.endswith("# not a comment\nEOF")
    assert script.statements[5].text.endswith("fi &")


def test_comments_before_a_statement_come_with_it_and_inner_ones_do_not() -> None:
    script = parse(SECTIONED)
    assert [[(note.line, note.text) for note in one.comments] for one in script.statements[:3]] == [
        [(0, "!/bin/bash"), (1, "1. Look at the disk")],
        [(4, "2. Every unit")],
        [(10, "3. Feed the database")],
    ]
    inner = [note for note in script.comments if not note.top]
    assert [(note.text, note.own) for note in inner] == [("its state", True)]
    trailing = [note for note in script.comments if not note.own]
    assert [note.text for note in trailing] == ["the whole tree"]
    assert all(SECTIONED[note.start] == "#" for note in script.comments)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\rm -rf x", ("rm", "-rf", "x")),
        ("r''m x", ("rm", "x")),
        ('"r"m "a b" c\\ d', ("rm", "a b", "c d")),
        (r"$'\x72m' $'a\tb' $'\u00e9'", ("rm", "a\tb", "é")),
        (r'echo "a\"b\$c\\d"', ("echo", 'a"b$c\\d')),
        ("echo 'it''s'", ("echo", "its")),
        ("ls \\\n  -l", ("ls", "-l")),
        ("cat $X a$X '$X'", ("cat", None, None, "$X")),
        ("find {} {{name}} {a,b} -del*", ("find", "{}", "{{name}}", None, None)),
        ("docker logs <container name> --tail 5", ("docker", "logs", "<container name>", "--tail", "5")),
        ("echo ünï \N{SNOWMAN}", ("echo", "ünï", "\N{SNOWMAN}")),
    ],
)
def test_words_are_what_the_shell_makes_of_them(text: str, expected: tuple[str | None, ...]) -> None:
    assert only(text).values == expected


@pytest.mark.parametrize(
    ("text", "wrappers"),
    [
        ("sudo -u postgres -n df", ("sudo",)),
        ("sudo A=1 env -i B=2 nohup nice -n 5 df", ("sudo", "env", "nohup", "nice")),
        ("timeout -s KILL 5 df", ("timeout",)),
        ("time df", ("time",)),
        ("docker exec -it -e A=1 web df", ("docker exec web",)),
        ("docker -H tcp://x compose -f a.yml exec -T web df", ("docker compose exec web",)),
        ("docker-compose -f a.yml exec web df", ("docker-compose exec web",)),
        ("kubectl -n prod exec pod-0 -c app -- df", ("kubectl exec pod-0",)),
        ("ssh -p 22 root@db1 df", ("ssh root@db1",)),
        ("ssh db1 <<EOF\ndf\nEOF", ("ssh db1",)),
        ("sh -c df", ("sh -c",)),
        ("bash -lc 'df'", ("bash -c",)),
        ("bash <<'E'\ndf\nE", ("bash",)),
        ("eval df", ("eval",)),
        ("su - postgres -c df", ("su -c",)),
        ("runuser -u postgres -- df", ("runuser",)),
        ("watch -n 5 df", ("watch",)),
        ("env -S 'df'", ("env",)),
        ("trap df EXIT", ("trap",)),
        ("sudo -u x sh -c 'docker exec web sh -c df'", ("sudo", "sh -c", "docker exec web", "sh -c")),
    ],
)
def test_what_a_wrapper_starts_is_a_command_too(text: str, wrappers: tuple[str, ...]) -> None:
    found = [command for command in parse(text).commands if command.values == ("df",)]
    assert [command.wrappers for command in found] == [wrappers]


def test_xargs_and_find_give_commands_with_words_still_open() -> None:
    assert ("rm", "-f", None) in values("ls | xargs -n1 rm -f")
    assert ("gzip", None) in values("find . -exec gzip {} \\; -o -exec ls +")
    assert ("ls",) in values("find . -exec gzip {} \\; -o -exec ls +")


@pytest.mark.parametrize("text", ["sh -c $X", "docker exec $C $X", "bash script.sh", "ssh host", "sudo -e x"])
def test_what_is_not_certain_is_not_opened(text: str) -> None:
    assert not any(command.opened for command in parse(text).commands)


@pytest.mark.parametrize(
    ("text", "name", "inside"),
    [
        ("a | b", "b", ("pipeline",)),
        ("echo $(a)", "a", ("substitution",)),
        ("echo `a`", "a", ("substitution",)),
        ('echo "x $(a) ${y:-$(b)}"', "b", ("substitution",)),
        ("cat <(a)", "a", ("process",)),
        ("while read x; do a; done < f", "a", ("loop",)),
        ("if x; then a; fi", "a", ("condition",)),
        ("f() { (a); }", "a", ("function", "subshell")),
        ("cat <<EOF\n$(a)\nEOF", "a", ("substitution",)),
        ("echo $((1 + $(a)))", "a", ("substitution",)),
        ("sh -c 'x; for i in 1; do a; done'", "a", ("loop",)),
    ],
)
def test_commands_are_found_at_any_depth(text: str, name: str, inside: tuple[str, ...]) -> None:
    assert [one.inside for one in parse(text).commands if one.name == name] == [inside]


def test_redirections_belong_to_their_command_or_to_all_of_a_construct() -> None:
    script = parse("a 2>&1 | b > f\n{ c; d; } >> g\nwhile read x; do e; done < h")
    targets = {
        one.name: [(redirect.operator, redirect.target) for redirect in one.redirects]
        for one in script.commands
        if one.name
    }
    assert targets == {
        "a": [(">&", "1")],
        "b": [(">", "f")],
        "c": [(">>", "g")],
        "d": [(">>", "g")],
        "read": [("<", "h")],
        "e": [("<", "h")],
    }
    assert not any(redirect.writes for redirect in parse("a 2>&1 >&2 < f").commands[0].redirects)


def test_here_documents_are_taken_whole() -> None:
    cat, sh = parse("cat <<-EOF | sh\n\tls\n\tEOF").commands
    assert [(one.operator, one.target) for one in cat.redirects] == [("<<-", "ls\n")]
    assert (cat.pipe, cat.stage, sh.pipe, sh.stage) == (1, 0, 1, 1)
    open_one = only("psql <<EOF\nselect $X\nEOF").redirects[0]
    assert (open_one.target, open_one.body) == (None, "select $X\n")


def test_names_that_a_text_sets_and_uses() -> None:
    script = parse("A=1 B=2\nC=3 cmd\nexport D=4\nread -r E\nfor F in 1; do :; done\necho $A \"${G}\" '$H'")
    assert script.assigned == {"A", "B", "D", "E", "F"}
    assert [(one.name, one.raw) for one in script.expansions] == [("A", "$A"), ("G", "${G}")]


@pytest.mark.parametrize(
    "text",
    [
        "echo ${x:-`rm y`}",
        "cat <<EOF\n`rm x` ${y}\nEOF",
        "sh -c 'if ('",
        "cd <dir>/sub",
        "echo " + "$(" * 200 + "x" + ")" * 200,
        "eval " * 20 + "ls",
    ],
)
def test_what_may_run_unseen_is_a_doubt(text: str) -> None:
    assert parse(text).doubts


def test_characters_that_crash_the_grammars_scanner_do_not_reach_it() -> None:
    for code in range(0x80, 0x110000, 0x101):
        if not 0xD800 <= code < 0xE000:
            assert parse(f"{{{chr(code)}").statements
    assert only("echo {\U0001f600 ${\U000fd81d").words[1].raw == "{\U0001f600"


def test_not_ok_is_told_with_its_line() -> None:
    script = parse("ls\necho (a\n")
    assert not script.ok
    assert script.error_line == 1
    assert parse("ls").error_line is None


HOSTILE = {
    "substitutions": "echo " + "$(" * 5_000,
    "closed": "echo " + "$(" * 5_000 + "ls" + ")" * 5_000,
    "brackets": "(" * 50_000,
    "backticks": "`" * 50_000,
    "conditions": "if a; then " * 8_000,
    "chain": " && ".join(["a"] * 20_000),
    "pipeline": "|".join(["a"] * 30_000),
    "words": "a " * 50_000,
    "here-documents": "cat <<A\n" * 9_000,
    "less": "<" * 90_000,
    "stand-ins": "<" + "a " * 50_000,
    "expansions": "${a" * 30_000,
    "wrappers": "sudo " * 20_000 + "ls",
    "quoted": "sh -c '" * 300,
    "NUL": "a\0b",
    "surrogate": "a \ud800 b",
    "noise": "".join(chr(32 + (i * 7919) % 95) for i in range(100_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_bounded_time(name: str) -> None:
    begun = time.process_time()
    script = parse(HOSTILE[name])
    assert time.process_time() - begun < 2.5
    assert script.statements


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab $(){}[]<>|&;`'\"\\\n#=-éE\N{SNOWMAN}"), max_size=60))
def test_any_text_is_taken_apart_without_loss(text: str) -> None:
    script = parse(text)
    lines = text.split("\n")
    for statement in script.statements:
        assert statement.text in text
        assert 0 <= statement.line <= statement.end_line < len(lines)
    assert all(0 <= command.line < len(lines) for command in script.commands)
    covered = {line for one in script.statements for line in range(one.line, one.end_line + 1)}
    covered |= {note.line for note in script.comments}
    bare = [at for at, line in enumerate(lines) if line.strip(" \\;&") and at not in covered]
    assert not bare


PIECES = tuple(
    text
    for text in (*READS, *UNKNOWN, *CHANGE, *DESTRUCTIVE)
    if parse(text).ok and len(parse(text).statements) == 1 and text[0] != "\\" and " #" not in text
)


@settings(max_examples=250, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), min_size=2, max_size=12),
    st.sampled_from(["\n", "\n\n# note\n", " # x\n"]),
)
def test_statements_that_stand_together_are_told_apart(pieces: list[str], between: str) -> None:
    pieces = [piece for piece in pieces if "<<" not in piece or between[0] == "\n"]
    script = parse(between.join(pieces))
    assert script.ok
    assert [one.text for one in script.statements] == pieces


def test_a_line_continued_after_a_pipe_does_not_swallow_the_lines_after_it() -> None:
    text = (
        "grep \"Failed\" a.log | \\\n  awk '{print $NF}' | sort | uniq -c | sort -rn | head -10\n\n"
        '# 6. Disk\necho "6"\ndf -h | tail -3\n\n# 7\nrm -rf /x </dev/null 2>/dev/null | \\\n  grep a\n'
    )
    script = parse(text)
    assert script.ok
    assert [one.line for one in script.statements] == [0, 4, 5, 8]
    assert script.statements[3].end_line == 9
    assert ("rm", "-rf", "/x") in [command.values for command in script.commands]
