"""What stands above and below a block: its name, a warning, that it is output; commands told in prose."""

from __future__ import annotations

import pytest

from console.guides.leads import name_of, shows_result
from console.guides.model import Kind, Procedure, Step
from console.guides.reading import read_text


def read(text: str, title: str = "Look after it") -> tuple[Procedure, ...]:
    return read_text(f"# G\n\n## {title}\n\n{text}\n", "x.md").procedures


def steps(text: str, title: str = "Look after it") -> list[Step]:
    return [step for one in read(text, title) for step in one.steps]


@pytest.mark.parametrize(
    ("text", "is_result"),
    [
        ("Expect output similar to:", True),
        ("Example output:", True),
        ("You should see something like this:", True),
        ("The command prints:", False),
        ("It prints the following:", True),
        ("If the service is up, it answers with something\nsimilar to the following example output:", True),
        ("Das sieht so aus:", True),
        ("The response looks like:", True),
        ("Run the following command, which shows the pods:", False),
        ("Check the output of:", False),
        ("List what is there:", False),
        ("You should see `active`.", False),
        ("Restart it:", False),
    ],
)
def test_a_line_may_say_that_output_follows(text: str, is_result: bool) -> None:
    assert shows_result(text) is is_result


def test_output_is_not_run_whatever_its_tag() -> None:
    text = '```sh\nkubectl delete pod x\n```\nExpect output similar to:\n```sh\npod "x" deleted\n```\n'
    (step,) = steps(text)
    assert (step.command, step.expected) == ("kubectl delete pod x", 'pod "x" deleted')
    (step,) = steps(f"1. Remove it\n\n   {text.replace(chr(10), chr(10) + '   ')}")
    assert (step.command, step.expected) == ("kubectl delete pod x", 'pod "x" deleted')


def test_a_block_tagged_as_shell_that_begins_with_a_command_is_none() -> None:
    found = steps("```sh\nls\n```\nWhat you should see:\n```sh\nkubectl get pods\n```\n")
    assert [step.command for step in found] == ["ls", "kubectl get pods"]
    found = steps("```sh\nls\n```\nThis shows the queue:\n```sh\nmytool list\n```\n")
    assert [step.command for step in found] == ["ls", "mytool list"]
    found = steps("```sh\nls\n```\nThis shows who waits:\n```sql\nselect 1;\n```\n")
    assert [step.command for step in found] == ["ls", "select 1;"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Find what is big:", "Find what is big"),
        ("Remove it", "Remove it"),
        ("If it is a bad release", "If it is a bad release"),
        ("**If it is one zone:** drain it", "If it is one zone: drain it"),
        ("Logs are JSON on stdout.", ""),
        ("**Owner**: us", ""),
        ("two\nlines:", ""),
    ],
)
def test_a_line_names_the_block_below_it(text: str, name: str) -> None:
    assert name_of(text) == name


def test_prose_around_a_block_stays_with_its_step() -> None:
    text = (
        "The queue may be long. Never do this at noon.\n\n```bash\n# A\nls\n\n# B\ndf\n```\n\n"
        "You should see two lines.\n\n---\n\nThis page is kept by us.\n"
    )
    first, second = steps(text)
    assert first.note == "The queue may be long. Never do this at noon."
    assert second.note == "You should see two lines."


def test_a_line_far_above_names_nothing() -> None:
    (step,) = steps("Impact: everybody waits.\n\nDiagnosis:\n\n```bash\nls\n```\n")
    assert step.title == "Look after it"


def test_a_line_above_a_list_says_what_all_its_steps_are_for() -> None:
    text = "Each night by cron.\n\nTo restore:\n\n1. Stop it: `systemctl stop x`\n2. Tell the others\n"
    assert [step.group for step in steps(text)] == ["To restore", "To restore"]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("Then `systemctl reload web`.", "systemctl reload web"),
        ("Restart the workers with `systemctl restart worker`.", "systemctl restart worker"),
        ("Danach `systemctl reload web`.", "systemctl reload web"),
        ("`systemctl reload web`", "systemctl reload web"),
        ("The workers log `systemctl reload web` now and then.", ""),
        ("`systemctl reload web` takes a minute.", ""),
        ("Run `systemctl stop web`, then `systemctl start web`.", ""),
    ],
)
def test_a_paragraph_that_tells_one_to_run_something_is_a_step(text: str, command: str) -> None:
    assert [step.command for step in steps(text)] == ([command] if command else [])
    assert steps(text, "Overview") == []


def test_where_there_is_a_choice_nothing_is_run() -> None:
    (step,) = steps("Stop it with `systemctl stop web` or `docker stop web`.")
    assert (step.command, step.offered) == ("", "systemctl stop web\ndocker stop web")
    one, two = steps("1. Stop it with `docker stop web` or `systemctl stop web`\n2. `df -h`, then `ls -l`\n")
    assert (one.command, one.offered) == ("", "docker stop web\nsystemctl stop web")
    assert two.command == "df -h\nls -l"


@pytest.mark.parametrize(
    "label", ["Verify", "Roll back", "Diagnosis", "Fix", "Vorgehen", "Marche à suivre", "Prüfung", "Étapes"]
)
def test_a_label_asks_for_what_stands_below_it(label: str) -> None:
    (found,) = read(f"```bash\nls\n```\n\n**{label}:**\n\n- the lamp is green\n- nobody waits\n")
    assert [step.title for step in found.steps][-2:] == ["the lamp is green", "nobody waits"]


@pytest.mark.parametrize("heading", ["0. Before you start", "Préparation", "After the restart"])
def test_what_is_done_beforehand_is_told_by_its_heading(heading: str) -> None:
    assert [step.title for step in steps("* Announce it\n* Silence the alert\n", heading)] == [
        "Announce it", "Silence the alert",
    ]  # fmt: skip
    assert steps("* VPN\n* A laptop\n", heading) == []


def test_a_block_after_a_list_of_another_part_is_not_its_last_item() -> None:
    text = (
        "```bash\nls\n```\n\n**Verify**\n\n1. It runs\n1. It answers\n\n**Roll back**\n\n```bash\ndf\n```\n"
    )
    assert [step.command for step in steps(text)] == ["ls", "", "", "df"]


def test_a_list_with_a_command_is_followed_in_whatever_language() -> None:
    found = steps("1. Büro anrufen\n2. `docker compose restart web`\n3. Licht aus\n", "Wenn nichts mehr geht")
    assert [step.command for step in found] == ["", "docker compose restart web", ""]


def test_a_list_that_was_no_steps_is_told() -> None:
    text = "# G\n\n## Ideas\n\n1. Green paint\n2. A larger boat\n"
    (unread,) = read_text(text, "x.md").unread
    assert (unread.line, unread.text, unread.as_it_is) == (5, "Green paint", True)


def test_a_table_with_a_bold_row_for_a_head() -> None:
    text = (
        "|   |   |   |\n|---|---|---|\n| **#** | **Check** | **Command** |\n"
        "| 1 | Gateway is up | `curl -s localhost/up` |\n| 2 | Ask the bank |   |\n"
    )
    (found,) = read(text, "Daily checks")
    assert found.kind is Kind.CHECKLIST
    assert [(step.title, step.command) for step in found.steps] == [
        ("Gateway is up", "curl -s localhost/up"), ("Ask the bank", ""),
    ]  # fmt: skip


def test_what_a_table_expects_and_where_it_hides_its_commands() -> None:
    text = "| Check | Command | Expected |\n|---|---|---|\n| Queue | `redis-cli llen q` | below 10 |\n"
    (step,) = steps(text, "Daily checks")
    assert (step.command, step.expected, step.note) == ("redis-cli llen q", "below 10", "")
    text = "| Day | Task | Owner |\n|---|---|---|\n| Mon | Restore test: `pgbackrest info` | Ana |\n"
    (step,) = steps(text, "Weekly tasks")
    assert (step.title, step.command, step.note) == ("Restore test", "pgbackrest info", "Mon · Ana")


def test_steps_as_headings_keep_the_steps_that_are_counted_below_them() -> None:
    text = (
        "### Step 1 - Stop it\n\n1. Stop: `systemctl stop web`\n2. Look: `ps aux`\n\n"
        "### Step 2 - Start it\n\n```bash\nsystemctl start web\n```\n"
    )
    (found,) = read(text)
    assert [(step.title, step.group) for step in found.steps] == [
        ("Stop", "Step 1 - Stop it"), ("Look", "Step 1 - Stop it"), ("Start it", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("heading", ["3.4 Quarterly / as needed", "Weekly", "Täglich (Betrieb)"])
def test_how_often_alone_makes_a_checklist_of_what_is_to_be_done(heading: str) -> None:
    (found,) = read("- Review the access list\n- Prüfen der Sicherung\n", heading)
    assert (found.kind, len(found.steps)) == (Kind.CHECKLIST, 2)
    assert read("- full database\n- only the changes\n", heading) == ()


@pytest.mark.parametrize(
    ("item", "command"),
    [
        ("`git checkout` the last good tag", ""),
        ("`docker logs` shows more", ""),
        ("Restart with `docker compose restart web`", "docker compose restart web"),
        ("`systemctl daemon-reload`", "systemctl daemon-reload"),
    ],
)
def test_a_command_without_what_it_works_on_is_only_spoken_of(item: str, command: str) -> None:
    assert steps(f"1. {item}\n2. Stop it: `systemctl stop web`\n")[0].command == command


def test_questions_are_the_titles_of_their_answers_and_rows_stand_by_themselves() -> None:
    text = (
        "Q: How do I get a shell?\n\nA: `docker exec -it web bash`\n\nQ: And logs?\n\nA: `docker logs web`\n"
    )
    first, second = steps(text, "FAQ")
    assert (first.title, second.title) == ("How do I get a shell?", "And logs?")
    assert (second.command, second.where) == ("docker logs web", "")
    table = "| Task | Command |\n|---|---|\n| Shell | `docker exec -it web bash` |\n| Look | `df -h` |\n"
    assert [(step.where, step.interactive) for step in steps(table)] == [("", True), ("", False)]


def test_an_item_that_is_only_a_block_is_called_by_its_command() -> None:
    assert steps("1. ```sh\n   dropdb x\n   createdb x\n   ```\n2. Tell them\n")[0].title == "dropdb x"


def test_a_sudo_in_a_block_without_a_tag_is_shown_as_a_command() -> None:
    assert steps("```\nsudo es-cluster list\n```\n")[0].offered == "sudo es-cluster list"


@pytest.mark.parametrize(
    "item",
    [
        "Do NOT run `rm -rf /data`",
        "Never use `rm -rf /data` here",
        "Stop it without `rm -rf /data`",
        "Niemals `rm -rf /data` ausführen",
        "Do not: rm -rf /data",
    ],
)
def test_what_one_must_not_do_is_not_offered(item: str) -> None:
    first, second = steps(f"1. {item}\n2. Look: `ls /data`\n")
    assert (first.command, second.command) == ("", "ls /data")
    assert steps(f"{item}.") == []


@pytest.mark.parametrize(
    "item",
    [
        "Do not panic. Run `systemctl restart web`",
        "Do not forget to run `systemctl restart web`",
        "If it does not start: `systemctl restart web`",
        "If you do not see it, run `systemctl restart web`",
        "When it never answers, `systemctl restart web`",
        "Restart without downtime: `systemctl restart web`",
        "Do not stop it, but run `systemctl restart web`",
        "Wenn er nicht antwortet: `systemctl restart web`",
    ],
)
def test_a_condition_forbids_nothing(item: str) -> None:
    assert steps(f"1. {item}\n2. Wait\n")[0].command == "systemctl restart web"


@pytest.mark.parametrize(
    "comment", ["Bad (do not do this):", "Wrong:", "❌ Wrong", "Never run this", "DON'T use"]
)
def test_how_it_is_not_done_is_shown_and_not_run(comment: str) -> None:
    good, bad = steps(f"```bash\n# Good:\ncurl -f localhost\n\n# {comment}\nrm -rf /x\n```\n")
    assert (good.command, bad.command, bad.offered) == ("curl -f localhost", "", "rm -rf /x")


def test_html_is_told_not_to_be_read() -> None:
    text = (
        "# G\n\n<pre>systemctl stop x</pre>\n\n<table><tr><td>Restart</td></tr></table>\n\n<br>\n<!-- x -->\n"
    )
    assert [(one.line, one.text) for one in read_text(text, "x.md").unread] == [
        (3, "systemctl stop x"), (5, "Restart"),
    ]  # fmt: skip
