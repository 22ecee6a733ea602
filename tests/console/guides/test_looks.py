"""What stands in a block of commands and is none: output, an API's answer, text for an editor."""

from __future__ import annotations

import pytest

from console.guides.model import Step
from console.guides.reading import read_text


def steps(text: str, lang: str = "bash") -> list[Step]:
    guide = read_text(f"## Look after it\n\n```{lang}\n{text}\n```\n", "x.md")
    return [step for one in guide.procedures for step in one.steps]


@pytest.mark.parametrize(
    ("command", "output"),
    [
        (
            "df -h /",
            "Filesystem      Size  Used Avail Use% Mounted on\n/dev/sda1        40G   31G  7.1G  82% /",
        ),
        ("systemctl status web", "● web.service - Web\n     Loaded: loaded\n     Active: failed"),
        ("curl -s localhost/health", '{\n  "status": "ok",\n  "db": true\n}'),
        ("curl -s localhost/health", '{"status": "ok"}'),
        ("curl -s localhost/jobs", '[{"id": 7}]'),
        ("tail -f /var/log/web.log", "^C"),
        ("free -h", "              total        used\nMem:           23Gi       9.1Gi"),
        ("ls /srv", "/srv/a   4   x\n/srv/b   4   y"),
    ],
)
def test_output_below_a_command_is_expected_and_not_run(command: str, output: str) -> None:
    (step,) = steps(f"{command}\n{output}")
    assert (step.command, step.expected) == (command, output)


def test_a_group_of_commands_is_no_answer() -> None:
    (step,) = steps('ls\n{ echo "a": ; df; }')
    assert step.command.endswith("df; }")
    assert step.expected == ""


@pytest.mark.parametrize(
    ("text", "commands", "notes"),
    [
        (
            "nano limits.conf\n\n# Add:\nweb soft nofile 65536\nweb hard nofile 65536\n\nsysctl -w a=b",
            ["nano limits.conf", "sysctl -w a=b"],
            "web soft nofile 65536\nweb hard nofile 65536",
        ),
        (
            'vim web.json\n\n# Remove the allow-list\n"allow": ""\n\n# Then\n./deploy.sh',
            ["vim web.json", "", "./deploy.sh"],
            '"allow": ""',
        ),
        ("sudoedit web.conf\nworkers 4\n\nsystemctl reload web", ["sudoedit web.conf\nsystemctl reload web"],
         "workers 4"),
        ("nano x\n\n# Restart\nsystemctl restart web", ["nano x", "systemctl restart web"], ""),
        ("nano x\n\n# Update the owner\nchown web x", ["nano x", "chown web x"], ""),
    ],
)  # fmt: skip
def test_text_for_an_editor_is_a_note(text: str, commands: list[str], notes: str) -> None:
    found = steps(text)
    assert [step.command for step in found] == commands
    assert notes in "\n".join(step.note for step in found)


def test_what_follows_an_editor_is_what_to_write_and_no_output() -> None:
    text = "## X\n```bash\nkubectl edit configmap web\n```\nand set\n```yaml\ndata:\n  LEVEL: info\n```\n"
    (step,) = read_text(text, "x.md").procedures[0].steps
    assert step.expected == ""
    assert "LEVEL: info" in step.note


def test_a_remark_below_a_command_is_not_its_title() -> None:
    (step,) = steps("screen -S x\n# detach with ctrl-a d")
    assert (step.title, step.note) == ("Look after it", "detach with ctrl-a d")


def test_sections_of_a_file_that_is_written_are_no_stand_ins() -> None:
    (step,) = steps("cat > web.service <<'EOF'\n[Unit]\nDescription=Web\n[Service]\nUser=[user]\nEOF")
    assert [variable.name for variable in step.variables] == ["user"]


def test_jobs_of_a_crontab_are_a_step_each_and_its_head_is_none() -> None:
    found = steps("# m h dom mon dow command\n*/5 * * * * /x\n@reboot /y", "")
    assert [step.title for step in found] == ["*/5 * * * * /x", "@reboot /y"]


def test_what_only_sets_up_is_not_lost_where_no_chapter_needs_it() -> None:
    assert [step.command for step in steps("cd e\n# ISSUE 1: d")] == ["cd e"]
