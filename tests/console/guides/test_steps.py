"""Blocks and lists as steps: where they are divided, what runs, what only looks as if it could."""

from __future__ import annotations

import pytest

from console.guides.model import Procedure, Step, StepKind
from console.guides.reading import read_text


def procedures(text: str, title: str = "Look after it") -> tuple[Procedure, ...]:
    return read_text(f"## {title}\n\n{text}\n", "x.md").procedures


def steps(text: str, title: str = "Look after it") -> list[Step]:
    return [step for one in procedures(text, title) for step in one.steps]


def shell(text: str, lang: str = "bash") -> list[Step]:
    return steps(f"```{lang}\n{text}\n```")


def said(found: list[Step]) -> list[tuple[str, str]]:
    return [(step.title, step.command) for step in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ls\ndf", [("Look after it", "ls\ndf")]),
        ("# A\nls\n\n# B\ndf\nfree", [("A", "ls"), ("B", "df\nfree")]),
        ("# A\nls\n# B\ndf", [("A", "ls"), ("B", "df")]),
        ("# A\nls\n\n# B\ndf\n# inside\nfree", [("A", "ls"), ("B", "df\n# inside\nfree")]),
        ("#!/bin/sh\n# check.sh\n\nx=1\n\n# A\nls $x", [("A", "x=1\n\n# A\nls $x")]),
        ("# 1. A\nls\n# aside\ndf\n# 2. B\nfree", [("A", "ls\n# aside\ndf"), ("B", "free")]),
        ("# Step 1: A\nls\n# Step 2: B\ndf", [("A", "ls"), ("B", "df")]),
        ('echo "1. A"\nls\necho "2. B"\ndf', [("A", 'echo "1. A"\nls'), ("B", 'echo "2. B"\ndf')]),
        ("# =====\n# A\n# =====\nls\n\n# --- B ---\ndf", [("A", "ls"), ("B", "df")]),
        (
            "for x in 1 2; do\n\n  # inside\n  ls\ndone",
            [("Look after it", "for x in 1 2; do\n\n  # inside\n  ls\ndone")],
        ),
        ("# A\nf() {\n  ls\n}\n\n# B\nf", [("A", "f() {\n  ls\n}"), ("B", "f")]),
        ("# A\npython -c '\n# B\n\n# C\n'", [("A", "python -c '\n# B\n\n# C\n'")]),
        ("# A\nls\n# Expected: two files", [("A", "ls")]),
        ("# A\nls\n# or\ndir\n\n# B\ndf", [("A", "ls\n# or\ndir"), ("B", "df")]),
        ("# A\nls\n\n# This executes:\n# 1. one\n# 2. two", [("A", "ls")]),
        ("# A\nls a \\\n  b\n\n# B\ndf", [("A", "ls a \\\n  b"), ("B", "df")]),
        ("ls\n\n# A\ndf", [("ls", "ls"), ("A", "df")]),
    ],
)
def test_a_script_is_divided_at_its_own_comments(text: str, expected: list[tuple[str, str]]) -> None:
    assert said(shell(text)) == expected


@pytest.mark.parametrize(
    ("text", "runnable"),
    [
        ('# A\necho "only said"\n\n# B\nls', [False, True]),
        ("# A\n# rm -rf /srv/x\n\n# B\nls", [False, True]),
        ('# A\necho "$(date)"', [True]),
        ("# A\necho x > file", [True]),
        ("# Edit the file\n# set a=1\n\n# B\nls", [False, True]),
        ("# Job\n0 2 * * * /x\n\n# B\nls", [False, True]),
        ("# A\nls\n\n# Tell the others", [True, False]),
    ],
)
def test_what_only_says_something_is_done_by_hand(text: str, runnable: list[bool]) -> None:
    assert [step.runnable for step in shell(text)] == runnable


def test_a_commented_command_is_shown_and_not_run() -> None:
    step = shell("# 1. Grow it\n# aws ec2 modify-volume --size 100\n# 2. B\nls")[0]
    assert (step.command, step.offered) == ("", "aws ec2 modify-volume --size 100")


def test_chapters_of_a_block_are_procedures_and_share_what_is_set_before_them() -> None:
    text = "```bash\nDIR=/srv\n\n# ISSUE 1: Full\n# 1. Look\ndf $DIR\n\n# ISSUE 2: Slow\nuptime\n```"
    found = procedures(text, "Trouble")
    assert [(one.title, one.path) for one in found] == [
        ("ISSUE 1: Full", ("Trouble",)),
        ("ISSUE 2: Slow", ("Trouble",)),
    ]
    assert [one.steps[0].command.startswith("DIR=/srv\n") for one in found] == [True, True]
    assert found[0].steps[0].variables == ()


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  app:\n    image: x",
        "[mysqld]\nmax_connections = 200",
        "server {\n  listen 80;\n}",
        "Wait until the page is green.",
        "CONTAINER ID   IMAGE   STATUS",
        "Error: no such container",
        "terraform >= 1.0",
        "make sure the service is running",
        "restart the nginx service",
        "│ box │\n│ box │",
    ],
)
def test_what_is_no_command_does_not_look_runnable(text: str) -> None:
    assert not any(step.runnable for step in shell(text))


def test_output_below_a_command_is_what_is_expected() -> None:
    step = shell("free -h\n              total        used\nMem:           23Gi       9.1Gi")[0]
    assert step.command == "free -h"
    assert step.expected.startswith("              total")
    step = steps("```bash\ncurl localhost\n```\n\n```json\n{}\n```")[0]
    assert (step.command, step.expected) == ("curl localhost", "{}")
    step = steps("```bash\nls\n```\n\nExpected output:\n\n```\ndocker ps\n```")[0]
    assert (step.command, step.expected) == ("ls", "docker ps")


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("$ ls\na\n$ df\nb", "console", [("ls", "a"), ("df", "b")]),
        ("$ ls\n$ df", "", [("ls", ""), ("df", "")]),
        ("# Look\n$ ls\na\n$ df\n# Then\n$ free", "bash", [("ls\ndf", "a"), ("free", "")]),
        ("$ echo $HOME\n/root", "bash", [("echo $HOME", "/root")]),
        ("$ cat > x <<EOF\n> a\n> EOF", "console", [("cat > x <<EOF\na\nEOF", "")]),
        ("$ docker run \\\n    -d x\nabc", "console", [("docker run \\\n    -d x", "abc")]),
        ("# apt update\nok\n# reboot", "console", [("apt update", "ok"), ("reboot", "")]),
        ("me@localhost:~$ ls\na", "console", [("ls", "a")]),
    ],
)
def test_sessions(text: str, lang: str, expected: list[tuple[str, str]]) -> None:
    assert [(step.command, step.expected) for step in shell(text, lang)] == expected


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("# a\nchroot /mnt\n# b\napt update\n# c\nexit\n# d\nls", ["", "chroot /mnt", "chroot /mnt", ""]),
        ("# a\nssh -p 22 root@db\n# b\nls", ["", "root@db"]),
        ("# a\nssh root@db uptime\n# b\nls", ["", ""]),
        ("# a\nssh -N -L 1:x:2 db\n# b\nls", ["", ""]),
        ("# a\npsql shop\n# b\nSELECT 1;\n\\q\n# c\nls", ["", "psql shop", ""]),
        ("# a\npsql -tAc 'select 1'\n# b\nls", ["", ""]),
        ("# a\npsql shop < x.sql\n# b\nls", ["", ""]),
        ("# a\necho x | psql shop\n# b\nls", ["", ""]),
        ("# a\npsql shop <<EOF\nselect 1\nEOF\n# b\nls", ["", ""]),
        ("# a\nsudo -u postgres psql\n# b\ndf -h", ["", ""]),
        ("# a\ndocker exec -it web bash\n# b\nls\n# c\nexit", ["", "docker exec web", "docker exec web"]),
        ("# a\ndocker exec web ls\n# b\nls", ["", ""]),
        ("# a\nkubectl exec -it pod -- sh\n# b\nls", ["", "kubectl exec pod"]),
        ("# a\nvagrant ssh\n# b\nls\n# c\nlogout\n# d\nls", ["", "vagrant ssh", "vagrant ssh", ""]),
        ("# a\nsudo -i\n# b\nls", ["", "root"]),
        ("# a\nsu - postgres\n# b\nls", ["", "postgres"]),
        ("# a\nredis-cli -h x\n# b\nGET a", ["", "redis-cli x"]),
        ("# a\nredis-cli ping\n# b\nls", ["", ""]),
        ("# a\nmongosh\n# b\ndb.x.find()\nexit\n# c\nls", ["", "mongosh", ""]),
        ("# a\nssh db\nls\nexit\n# b\nls", ["db", ""]),
        ("$ ssh root@db\nroot@db:~# ls\nroot@db:~# exit\n$ ls", ["", "root@db", "root@db", ""]),
    ],
)
def test_what_is_typed_elsewhere_is_shown_and_not_run(text: str, where: list[str]) -> None:
    found = shell(text)
    assert [step.where for step in found] == where
    assert [step.runnable for step in found] == [not place for place in where]
    assert all(step.offered for step in found if step.where)


def test_being_elsewhere_lasts_from_block_to_block_and_ends_with_the_section() -> None:
    text = "```bash\nssh db\n```\n\n```bash\nls\n```\n\n## Other\n\n```bash\nls\n```"
    assert [(step.where, step.runnable) for step in steps(text)] == [("", True), ("db", False), ("", True)]


def test_text_for_an_editor_is_a_note() -> None:
    step = shell("sudo vim /etc/x\nlisten 80;\nDEBUG=1\n\nnginx -t")[0]
    assert step.command == "sudo vim /etc/x\nnginx -t"
    assert step.note == "listen 80;\nDEBUG=1"
    assert step.interactive


@pytest.mark.parametrize(
    ("command", "interactive", "background"),
    [
        ("top", True, False),
        ("top -b -n 1 | head", False, False),
        ("docker stats", True, False),
        ("docker stats --no-stream", False, False),
        ("tail -f x", False, True),
        ("tail -n 5 x", False, False),
        ("docker compose logs -f api | grep x", False, True),
        ("journalctl -fu x", False, True),
        ("journalctl -u x -o cat", False, False),
        ("kubectl port-forward svc/x 80:80", False, True),
        ("kubectl get pods -w", False, True),
        ("docker compose up", False, True),
        ("docker compose up -d", False, False),
        ("psql shop", True, False),
        ("kubectl edit cm x", True, False),
        ("less x", True, False),
        ("ping -c 3 x", False, False),
    ],
)
def test_what_wants_the_terminal_and_what_does_not_end(
    command: str, interactive: bool, background: bool
) -> None:
    step = shell(command)[0]
    assert (step.interactive, step.background) == (interactive, background)


def test_counted_sentences_in_a_block() -> None:
    found = shell(
        "# At once\n1. Look: docker ps\n2. Load: top, free\n3. Call: the lead\n4. Write it down\n   df -h"
    )
    assert said(found) == [
        ("Look", "docker ps"), ("Load", "top\nfree"), ("Call: the lead", ""), ("Write it down", "df -h"),
    ]  # fmt: skip


def test_a_block_without_a_tag_is_offered_and_named() -> None:
    guide = read_text("## X\n\n```\ndocker ps\ndf -h\n```\n", "x.md")
    step = guide.procedures[0].steps[0]
    assert (step.runnable, step.offered) == (False, "docker ps\ndf -h")
    assert "does not say that it is shell" in guide.unread[0].reason


@pytest.mark.parametrize(
    ("lang", "text", "kind", "commands"),
    [
        ("sql", "-- A\nSELECT 1;\n-- B\nSELECT ';--'\nFROM x;", StepKind.SQL,
         ["SELECT 1;", "SELECT ';--'\nFROM x;"]),
        ("sql", "SELECT 1;\nSELECT 2;", StepKind.SQL, ["SELECT 1;\nSELECT 2;"]),
        ("sql", "-- A\nDO $$ begin; end $$;\n\n-- B\nSELECT 1", StepKind.SQL,
         ["DO $$ begin; end $$;", "SELECT 1"]),
        ("postgresql", "shop=# SELECT 1;", StepKind.SQL, ["SELECT 1;"]),
        ("mongosh", "// A\ndb.x.find({\n  // b\n})\n  .limit(1)\n// C\nrs.status()", StepKind.MONGO,
         ["db.x.find({\n  // b\n})\n  .limit(1)", "rs.status()"]),
        ("javascript", "use shop\ndb.x.find()", StepKind.MONGO, ["use shop\ndb.x.find()"]),
        ("redis", "# A\nPING\n# B\n127.0.0.1:6379> INFO", StepKind.REDIS, ["PING", "INFO"]),
    ],
)  # fmt: skip
def test_queries(lang: str, text: str, kind: StepKind, commands: list[str]) -> None:
    found = shell(text, lang)
    assert [step.kind for step in found] == [kind] * len(commands)
    assert [step.command for step in found] == commands


@pytest.mark.parametrize(
    ("lang", "text"), [("mysql", "SELECT 1;"), ("sql", "\\dt"), ("javascript", "const a = 1")]
)
def test_queries_for_others_do_not_run(lang: str, text: str) -> None:
    assert not any(step.runnable for step in shell(text, lang))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "1. Stop: `systemctl stop x`\n2. Tell the lead",
            [("Stop", "systemctl stop x"), ("Tell the lead", "")],
        ),
        (
            "1. Stop it\n   ```bash\n   systemctl stop x\n   ```\n2. Wait",
            [("Stop it", "systemctl stop x"), ("Wait", "")],
        ),
        ("1. Stop\n\n```bash\nls\n```\n\n2. Start\n\n```bash\ndf\n```", [("Stop", "ls"), ("Start", "df")]),
        ("1. Stop:\n\n```bash\nls\n```\n\n1. Start:\n\n```bash\ndf\n```", [("Stop", "ls"), ("Start", "df")]),
        ("1. Look\n   - `df -h`\n   - `free -h`\n2. Wait", [("Look", "df -h\nfree -h"), ("Wait", "")]),
        ("- [ ] A\n  - [ ] B\n- [x] `df -h`", [("A", ""), ("B", ""), ("df -h", "df -h")]),
        ("| Step | Command |\n|---|---|\n| Look | `df -h` |\n| Tell | |", [("Look", "df -h"), ("Tell", "")]),
    ],
)
def test_lists(text: str, expected: list[tuple[str, str]]) -> None:
    assert said(steps(text)) == expected


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Table of contents", "1. [A](#a)\n2. [B](#b)"),
        ("Key dashboards", "1. **Overview** - CPU\n2. **Application** - errors"),
        ("Backup types", "1. **Database**: a dump\n2. **Files**: uploads"),
        ("Escalation procedure", "1. **Level 1**: lead\n2. **Level 2**: head"),
        ("What is normal", "- **CPU**: < 80 %\n- **Memory**: < 70 %"),
        ("Directories", "- `/opt/x`: the application\n- `/var/log/x`: its logs"),
    ],
)
def test_lists_that_tell_and_ask_nothing(title: str, text: str) -> None:
    assert procedures(text, title) == ()


def test_steps_and_commands_are_brought_together() -> None:
    text = """**When**: it hangs
**Who**: the on-call

**Steps**:
1. Look at the log
2. Try a gentle restart
3. Recreate the container
4. Confirm that it is healthy
5. Write it down

**Commands**:
```bash
# Confirm health
curl -f localhost/health

# Gentle restart
docker restart x

# Recreate
docker rm -f x
docker run -d --name x y

# Purge the queue
redis-cli del q
```"""
    found = procedures(text)[0]
    assert (found.when, found.who) == ("it hangs", "the on-call")
    assert [step.command for step in found.steps] == [
        "",
        "docker restart x",
        "docker rm -f x\ndocker run -d --name x y\nredis-cli del q",
        "curl -f localhost/health",
        "",
    ]  # fmt: skip


def test_bold_titles_are_steps_when_they_count_and_procedures_when_they_do_not() -> None:
    counting = "**1. Look**\n```bash\n# a\nls\n\n# b\ndf\n```\n\n**2. Tell**\n- the lead\n- the team"
    assert said(steps(counting)) == [("Look", "ls\ndf"), ("Tell", "")]
    plain = "**Web down:**\n```bash\nls\n```\n\n**Database down:**\n```bash\ndf\n```"
    assert [one.title for one in procedures(plain, "Emergencies")] == ["Web down", "Database down"]


def test_headings_that_are_steps_and_headings_that_are_labels() -> None:
    found = procedures("### Step 1: Look\n```bash\nls\n```\n### Step 2: Tell\nthe lead")
    assert [(one.title, [step.title for step in one.steps]) for one in found] == [
        ("Look after it", ["Look", "Tell"])
    ]
    for label in ("Steps", "Steps to resolve"):
        found = procedures(
            f"### {label}\n1. Look: `df -h`\n2. Tell the lead\n\n### Rollback\n1. Undo: `ls -l`"
        )
        assert [(one.title, [step.group for step in one.steps]) for one in found] == [
            ("Look after it", ["", "", "Rollback"])
        ]


@pytest.mark.parametrize(
    ("title", "text", "kind"),
    [
        ("Morning Checklist", "```bash\n# a\nls\n```", "checklist"),
        ("Health check", "- [ ] a", "checklist"),
        ("Weekly Maintenance", "```bash\nls\n```", "checklist"),
        ("Weekly Maintenance", "- Rotate logs\n- Clean up", "checklist"),
        ("Before a release", "- [ ] a\n- [ ] b", "checklist"),
        ("Daily Backup Routine", "```bash\nls\n```", "runbook"),
        ("Health Check Endpoints", "```bash\ncurl localhost\n```", "runbook"),
        ("Runbook: Release checklist", "- [ ] a", "runbook"),
        ("Incident response", "1. Acknowledge it\n2. Assess it", "runbook"),
    ],
)
def test_checklist_or_runbook(title: str, text: str, kind: str) -> None:
    assert [one.kind.value for one in procedures(text, title)] == [kind]


def test_cadence_comes_from_above_for_checklists_only() -> None:
    text = "# G\n## Daily operations\n### Checklist\n- [ ] a\n### Users\n```bash\nls\n```\n"
    assert [one.cadence for one in read_text(text, "x.md").procedures] == ["daily", ""]


def test_groups_of_a_checklist() -> None:
    found = procedures(
        "**Automated:**\n```bash\ndf -h\n```\n\n**Manual Checks:**\n- [ ] a\n- [ ] b", "Morning checks"
    )
    assert [[step.group for step in one.steps] for one in found] == [
        ["Automated", "Manual Checks", "Manual Checks"]
    ]
    found = procedures("```\nA:\n- [ ] a\n- [ ] b\n\nB:\n- [ ] c\n```", "Compliance checklist")
    assert [[step.group for step in one.steps] for one in found] == [["A", "A", "B"]]


def test_a_bare_command_that_is_all_that_is_said_runs() -> None:
    """Alone or after a colon; a word that is English too, or that stands within a sentence, is a word."""
    found = steps(
        "1. `uptime`\n2. Load: `uptime`\n3. See what runs: `ps`\n4. Top: `top`\n5. Ask `uptime` of ben"
    )
    assert [step.command for step in found] == ["uptime", "uptime", "ps", "", ""]
