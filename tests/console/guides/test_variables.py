"""What a command leaves open, in every notation, and what only looks like it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.guides.model import StepKind
from console.guides.variables import assigned, find


def names(text: str, kind: StepKind = StepKind.SHELL, known: set[str] | None = None) -> list[tuple[str, str]]:
    return [(one.name, one.token) for one in find(kind, text, known or set())]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("docker logs <container>", [("container", "<container>")]),
        ("docker logs <container name> -f", [("container_name", "<container name>")]),
        (
            "ssh <user>@<host> -p <port>",
            [("user", "<user>"), ("host", "<host>"), ("port", "<port>")],
        ),
        ('curl "https://<host>:9200/x?k=<key>"', [("host", "<host>"), ("key", "<key>")]),
        ("psql -c 'select pg_cancel_backend(<pid>)'", [("pid", "<pid>")]),
        (
            "kubectl logs {{pod}} -n {{ name-space }}",
            [("pod", "{{pod}}"), ("name_space", "{{ name-space }}")],
        ),
        ("docker restart [service]", [("service", "[service]")]),
        ("docker restart [service name] now", [("service_name", "[service name]")]),
        ("curl -H 'X-Key: YOUR_API_KEY' x", [("api_key", "YOUR_API_KEY")]),
        ("git clone https://h/your-org/app", [("org", "your-org")]),
        ('pg_dump "$DATABASE_URL"', [("DATABASE_URL", "$DATABASE_URL")]),
        ("echo $A ${A} $B", [("A", "$A"), ("A", "${A}"), ("B", "$B")]),
        ("sh -c 'echo $WHERE'", [("WHERE", "$WHERE")]),
        ("docker compose logs service_name", [("service_name", "service_name")]),
        ("docker logs container-name", [("container_name", "container-name")]),
        ("./restore.sh backup_file.tar.gz", [("backup_file", "backup_file.tar.gz")]),
        ("curl https://yourdomain.com/health", [("domain", "yourdomain.com")]),
        ("dig api.yourdomain.com", [("domain", "yourdomain.com")]),
        ("mongosh mongodb://user:pass@h/x", [("credentials", "user:pass")]),
        ("bash /path/to/backup.sh", [("path_to_backup_sh", "/path/to/backup.sh")]),
        ("aws x --volume-id vol-xxxxx", [("volume_id", "vol-xxxxx")]),
        ("aws x Id=i-xxxxx Id=i-xxxxx", [("instance_id", "i-xxxxx")]),
        ("gunzip backup_YYYYMMDD.sql.gz", [("date", "YYYYMMDD")]),
        ("ls x-YYYY-MM-DD", [("date", "YYYY-MM-DD")]),
        ("kill -9 PID", [("pid", "PID")]),
        ("iptables -A INPUT -s ATTACKER_IP -j DROP", [("attacker_ip", "ATTACKER_IP")]),
        ("curl -H 'Authorization: Bearer ADMIN_TOKEN' x", [("admin_token", "ADMIN_TOKEN")]),
        ("docker restart <web>\ndocker logs <web>", [("web", "<web>")]),
    ],
)
def test_stand_ins_are_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert names(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "sort < in > out",
        "sort <in >out",
        "mysql <dump.sql 2>/dev/null",
        "mysql <dump.sql 2>&1",
        "sort <in>out",
        "cat <<EOF\nhello\nEOF",
        "cat <<EOF>out\nhello\nEOF",
        "docker images | grep '<none>'",
        "nix-shell '<nixpkgs>'",
        "echo '<b>bold</b>'",
        "diff <(sort a) <(sort b)",
        "[ -f x ] && [[ $HOME == a* ]]",
        "ls [a-z]* [A-Za-z0-9] file[12]",
        "a=(1 2); echo ${a[0]} ${#a[@]}",
        "X=1; echo $X ${X}",
        "for i in 1 2; do echo $i; done",
        "while read -r line; do echo $line; done < f",
        "echo $HOME $USER $PWD $1 $@ $? $$ $# ${BASH_SOURCE[0]} $LC_ALL",
        "echo ${WHERE:-here} ${A-b} ${C:+d}",
        "awk '{print $1, $NF, $name}' f",
        "awk '$1 < x && y > 2 {print <x>}' f",
        "sed 's/<a>/[name]/' f",
        "jq '.[name] | .<x>' f",
        "docker ps --format '{{.Names}} {{json .}} {{end}}'",
        "kubectl get pods -o jsonpath='{.items[*]}'",
        "docker run -e DB_PASSWORD x",
        "grep DB_HOST .env",
        "printenv API_KEY",
        "# docker logs <container> $X\nls",
        "ls # <container>",
        "ssh host 'echo $REMOTE'",
        "docker exec web sh -c 'echo $INNER'",
        'mongosh <<EOF\ndb.a.find({n: {$gt: 5}, "$or": []})\nEOF',
        "cat <<'EOF'\n$X\nEOF",
        "echo '$X' \\$Y",
        "date +%Y%m%d",
    ],
)
def test_what_is_no_variable_is_not_asked_for(text: str) -> None:
    assert names(text) == []


def test_names_set_before_are_not_asked_for() -> None:
    assert names("echo $A $B <c>", known={"A"}) == [("B", "$B"), ("c", "<c>")]
    assert assigned("A=1\nexport B=2 C\nread D\nfor E in 1; do F=2; done\nG=3 cmd") == {
        "A",
        "B",
        "D",
        "E",
        "F",
    }


def test_secrets_are_known_by_their_names() -> None:
    text = "x $DB_PASSWORD <api token> YOUR_SECRET $DATABASE_URL <host> mongodb://user:pass@h"
    assert [one.name for one in find(StepKind.SHELL, text, set()) if one.secret] == [
        "DB_PASSWORD",
        "api_token",
        "secret",
        "DATABASE_URL",
        "credentials",
    ]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (StepKind.SQL, "select * from t where id = <id> and n = '<name>'", ["id", "name"]),
        (StepKind.SQL, "select * from t where a < b and c > d or a<>b or a<b and c>d", []),
        (
            StepKind.SQL,
            "select pg_terminate_backend(:pid) where x = :'who' and y::text = '10:30:00'",
            ["pid", "who"],
        ),
        (StepKind.SQL, "select 1 -- <x>", []),
        (StepKind.SQL, "select a[1:2], '{\"k\":true}' from {{table}}", ["table"]),
        (StepKind.REDIS, "get <key>\ndel YOUR_KEY", ["key", "key"]),
        (StepKind.MONGO, "db.users.find({_id: '<id>', age: {$gt: 5}})", ["id"]),
        (StepKind.MANUAL, "call <somebody>", []),
    ],
)
def test_queries_have_stand_ins_too(kind: StepKind, text: str, expected: list[str]) -> None:
    assert [name for name, _ in names(text, kind)] == expected


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("abX_<>[]{}$ .:/@-'\"#\n=YOUR"), max_size=60))
def test_every_token_stands_in_the_text(text: str) -> None:
    for kind in StepKind:
        for variable in find(kind, text, set()):
            assert variable.token in text
            assert variable.name
