"""What belongs to another host, container or prompt is shown there and not run here."""

from __future__ import annotations

import pytest

from console.guides.model import Step
from console.guides.reading import read_text


def steps(text: str) -> list[Step]:
    return [
        step for one in read_text(f"## Look after it\n\n{text}\n", "x.md").procedures for step in one.steps
    ]


def block(text: str, lang: str = "bash") -> str:
    return f"```{lang}\n{text}\n```"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("$ ssh web-2\nweb-2$ sudo systemctl stop web\nweb-2$ exit\n$ ls", ["", "web-2", "web-2", ""]),
        ("$ ssh root@db\nroot@db:~# ls\n$ df -h", ["", "root@db", ""]),
        ("$ ssh db\n$ sudo systemctl stop postgresql", ["", "db"]),
        (
            "$ oc debug node/n1\nsh-4.4# chroot /host\nsh-4.4# exit\n$ ls",
            ["", "oc debug node/n1", "oc debug node/n1", ""],
        ),
        ("bash-5.1$ ls /app\n$ df -h", ["another shell", ""]),
        ("web$ systemctl stop x", ["web"]),
        ("sh-5.1# rm -rf /x", ["another shell"]),
        ("localhost$ df -h", [""]),
        ("C:\\> del x\nPS C:\\logs> Remove-Item x", ["Windows", "Windows"]),
        ("(venv) $ pip list\n❯ ls\n➜  git status", ["", "", ""]),
        ("postgres=# select 1;\npostgres=# \\q", ["psql postgres", "psql postgres"]),
        ("mysql -u root -p\nmysql> SHOW PROCESSLIST;", ["", "mysql"]),
        ("redis-cli\n127.0.0.1:6379> FLUSHALL\nOK", ["", "redis 127.0.0.1:6379"]),
    ],
)
def test_prompts_say_where_a_command_belongs(text: str, where: list[str]) -> None:
    assert [step.where for step in steps(block(text, "sh"))] == where


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("rails console\nOrder.stuck.delete_all", ["rails console"]),
        ("python manage.py shell\n>>> Order.objects.all().delete()", ["python manage.py shell"]),
        ("php artisan tinker\nUser::truncate()", ["php artisan tinker"]),
        ("oc rsh web-1\nrm -rf /tmp/x", ["oc rsh web-1"]),
        ("kubectl debug -it node/n1 --image=busybox\nrm -rf /host/x", ["kubectl debug node/n1"]),
        ("oc rsh web-1 -- ls\ndf -h", [""]),
        ('ssh $HOST "systemctl stop web"\ndf -h', [""]),
        ("ssh $HOST\ndf -h", ["$HOST"]),
        ("docker exec -it $C bash\nrm -rf /x", ["docker exec $C"]),
        ("rails runner 'Order.count'\ndf -h", [""]),
        ("gunzip -c x.gz | psql shop\ntar xf y.tar", [""]),
    ],
)
def test_programs_with_a_prompt_of_their_own(text: str, where: list[str]) -> None:
    assert [step.where for step in steps(block(text))] == where


def test_a_dump_fed_to_a_client_opens_no_prompt() -> None:
    first, second = steps(block("# A\ngunzip -c x.gz | psql shop\n\n# B\ntar xf y.tar"))
    assert (first.interactive, second.command) == (False, "tar xf y.tar")


def test_a_block_that_does_not_say_what_it_is_leads_elsewhere_all_the_same() -> None:
    text = (
        "1. Go there:\n\n   ```\n   ssh root@db\n   ```\n\n2. Stop it: `systemctl stop postgresql`\n"
        "3. Leave:\n\n   ```\n   exit\n   ```\n\n4. Look: `df -h`\n"
    )
    found = steps(text)
    assert [(step.command, step.where) for step in found] == [
        ("", ""), ("", "root@db"), ("", "root@db"), ("df -h", ""),
    ]  # fmt: skip
    assert found[1].offered == "systemctl stop postgresql"


def test_a_client_entered_in_such_a_block_ends_with_the_next_command() -> None:
    text = f"{block('sftp bank@files', '')}\n\n{block('psql shop', '')}\n\n{block('df -h')}"
    assert [step.where for step in steps(text)] == ["", "sftp bank@files", "sftp bank@files"]
    assert [step.where for step in steps(f"{block('psql shop', '')}\n\n{block('df -h')}")] == ["", ""]


def test_leaving_may_be_a_step_of_its_own() -> None:
    text = (
        "1. Fetch it:\n   1. `sftp bank@files`\n   2. `get today.csv`\n   3. `bye`\n2. Look: `ls -l x.csv`\n"
    )
    first, second = steps(text)
    assert first.offered.endswith("bye")
    assert (second.command, second.where) == ("ls -l x.csv", "")


def test_a_line_before_the_first_prompt_runs_only_where_the_block_says_shell() -> None:
    text = "redis-cli\n127.0.0.1:6379> INFO"
    assert steps(block(text, "bash"))[0].command == "redis-cli"
    assert steps(block(text, ""))[0].command == ""


def test_a_directory_in_the_prompt_is_no_command() -> None:
    found = steps(block("➜  ~ git status\n➜  web git:(main) ✗ ls -l\n❯ df -h", "sh"))
    assert [step.command for step in found] == ["git status", "ls -l", "df -h"]
