"""`guide lint`: each rule finds its fault on its line, and a clean guide has none."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from console.cli import main
from console.guides.lint import RULES, check, problem
from console.guides.reading import read_text
from tests.servers.postgres import PostgresServer

CLEAN = """# Quay guide

See [the other part](other.md) and [below](#restart-it).

## Restart it

1. Look at it

   ```bash
   df -h
   ```
2. Tell the others
"""
BLOCK = "# Quay\n\n## Do it\n\n```{tag}\n# Look first\nls\n\n# Then this\n{text}\n\n# Look again\nls\n```\n"
"""A runbook whose second command stands in line 10."""


def lint(text: str, path: str = "guide.md", version: int | None = None) -> list[tuple[int, str]]:
    return [(one.line, one.rule) for one in check(read_text(text, path), text, version)]


def rules_of(command: str, tag: str = "bash", version: int | None = None) -> list[tuple[int, str]]:
    found = lint(BLOCK.format(tag=tag, text=command), version=version)
    return [(line, rule) for line, rule in found if rule != "tool-missing"]


def test_a_clean_guide_has_no_finding(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# Other\n")
    assert lint(CLEAN, str(tmp_path / "guide.md")) == []


@pytest.mark.parametrize(
    ("command", "rule"),
    [
        ("docker-compose ps", "compose-v1"),
        ("sudo docker-compose -f x.yml ps", "compose-v1"),
        ("docker scan web", "docker-removed"),
        ("kubectl -n x get deploy api -o yaml --export", "kubectl-removed"),
        ("kubectl run x --image=y --generator=run-pod/v1", "kubectl-removed"),
        ("kubectl drain n1 --delete-local-data", "kubectl-removed"),
        ("kubectl apply -f x.yml --dry-run", "kubectl-removed"),
        ("kubectl exec -it web-0 bash", "kubectl-removed"),
        ("helm delete x --purge", "helm-removed"),
        ("mongo shop --eval 'db.stats()'", "mongo-removed"),
        ("curl -s https://k | sudo apt-key add -", "apt-key"),
        ("openssl s_client -connect x:443 -ssl3", "openssl-old"),
        ("go mod audit", "no-such-command"),
        ("netstat -tulpn", "net-tools"),
        ("cat x | egrep -i a", "egrep"),
        ("psql -c 'select mean_time from pg_stat_statements'", "postgres-renamed"),
        ("mongosh shop <<EOF\ndb.a.find({n: {$gt: 5}})\nEOF", "document-expands"),
        ("echo $QUAY_HOST", "variable-unset"),
        ("curl https://yourdomain.com/health", "stand-in"),
        ("docker restart service_name", "stand-in"),
        ("curl -H 'Authorization: Bearer 8f4e2a9c7d1b4f6aa0e3' https://q/x", "secret"),
        ("if true; then (", "shell-syntax"),
    ],
)
def test_each_rule_finds_its_fault_on_its_line(command: str, rule: str) -> None:
    assert (10, rule) in rules_of(command)


@pytest.mark.parametrize(
    "command",
    [
        "docker compose ps",
        "kubectl exec -it web-0 -- bash",
        "kubectl apply -f x.yml --dry-run=client",
        "mongosh shop <<'EOF'\ndb.a.find({n: {$gt: 5}})\nEOF",
        "echo ${QUAY_HOST:-here}",
        "docker restart <service>",
        "curl -H 'Authorization: Bearer TOKEN' https://q/x",
        "export PGPASSWORD=$(pass db)",
        "psql -c 'select mean_exec_time from pg_stat_statements'",
    ],
)
def test_what_is_right_is_not_told(command: str) -> None:
    assert rules_of(command) in ([], [(10, "stand-in")] if "TOKEN" in command else [])


def test_the_version_of_the_server_decides_what_is_renamed() -> None:
    old = "psql -c 'select mean_time from pg_stat_statements'"
    assert rules_of(old, version=12) == []
    assert rules_of(old, version=13) == [(10, "postgres-renamed")]
    checkpoints = "select checkpoints_timed from pg_stat_bgwriter;"
    assert rules_of(checkpoints, "sql", version=16) == []
    assert [rule for _, rule in rules_of(checkpoints, "sql", version=17)] == ["postgres-renamed"]


def test_secrets_are_never_repeated() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----"
    text = f"# Quay\n\npassword: hunter2hunter2\n\n{key}\n\nglpat-abcdefghij0123456789\n"
    found = check(read_text(text, "guide.md"), text)
    assert [one.line for one in found if one.rule == "secret"] == [3, 5, 9]
    told = " ".join(one.reason + one.suggestion for one in found)
    assert not re.search("hunter2|MIIEvQ|glpat-abc", told)


def test_destruction_wants_a_look_before_and_after() -> None:
    block = "# Quay\n\n## Clear it\n\n```bash\n{before}# Clear\nredis-cli flushall\n{after}```\n"
    look = "# Look\nredis-cli dbsize\n\n"

    def told(before: str, after: str) -> list[str]:
        text = block.format(before=before, after=after)
        found = check(read_text(text, "guide.md"), text)
        return [one.reason for one in found if one.rule == "destructive-unchecked"]

    assert told(look, "\n" + look) == []
    assert told("", "")[0].endswith("nothing is looked at before or after it")
    assert told(look, "")[0].endswith("nothing is looked at after it")
    assert told("", "\n" + look)[0].endswith("nothing is looked at before it")


def test_links_and_headings(tmp_path: Path) -> None:
    text = (
        "# Quay\n\n[gone](no.md) [web](https://x) [here](#part-two) [away](#nowhere) `[n](l.md)`\n\n"
        "## Part two\n\n### Steps\n\n## Part three\n\n### Steps\n\n## Part two\n\n```md\n[c](nope.md)\n```\n"
    )
    found = lint(text, str(tmp_path / "guide.md"))
    assert [one for one in found if one[1] in ("dead-link", "duplicate-heading")] == [
        (3, "dead-link"),
        (3, "dead-link"),
        (13, "duplicate-heading"),
    ]


def test_programs_that_are_not_here_are_told_once_and_only_for_this_host() -> None:
    text = BLOCK.format(tag="bash", text="frobnicate --now\nfrobnicate x\ndocker exec web otherthing\n./mine")
    found = check(read_text(text, "guide.md"), text)
    missing = [one for one in found if one.rule == "tool-missing" and "docker" not in one.reason]
    assert [(one.line, one.reason) for one in missing] == [(10, "frobnicate is not on this host")]
    assert not [one for one in check(read_text(text, "g.md"), text, here=False) if one.rule == "tool-missing"]


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ("```\ndocker ps\n```", ["unread"]),
        ("```bash\nkind: Pod\nname: x\n```", ["unread"]),
        ("```bash\nuptime\n\n## Next\n\n- [ ] x", ["unread"]),
        ("```promql\nup == 0\n```", []),
        ("```nginx\nserver {\n}\n```", []),
        ("```\n+---+     +---+\n| a | --> | b |\n+---+     +---+\n```", []),
        ("1. Green paint\n2. A larger boat", []),
    ],
)
def test_what_was_not_understood_is_told_and_what_is_meant_to_be_so_is_not(
    block: str, told: list[str]
) -> None:
    assert [rule for _, rule in lint(f"# Quay\n\n## Look\n\n{block}\n") if rule == "unread"] == told


def test_commands_that_are_only_shown_rot_too() -> None:
    assert (6, "compose-v1") in lint("# Quay\n\n## Look\n\n```\ndocker-compose ps\n```\n")


def test_a_program_that_is_gone_is_not_told_missing_as_well() -> None:
    text = BLOCK.format(tag="bash", text="docker-machine ls")
    rules = [one.rule for one in check(read_text(text, "g.md"), text) if "docker-machine" in one.reason]
    assert rules == ["docker-removed"]


def test_a_large_guide_is_checked_in_bounded_time() -> None:
    text = (
        "# Quay\n\n"
        + ("- [ ] look [a](b(c(d " * 3_000)
        + "\n```bash\n"
        + "psql -c 'pg_xlog " * 3_000
        + "\n```\n"
    )
    begun = time.process_time()
    lint(text)
    assert time.process_time() - begun < 5


def test_the_command_speaks_to_people_and_to_scripts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.md").write_text("# Other\n")
    good, bad = tmp_path / "good.md", tmp_path / "bad.md"
    good.write_text(CLEAN)
    bad.write_text(BLOCK.format(tag="bash", text="docker-compose ps"))
    assert main(["guide", "lint", str(good)]) == 0
    assert capsys.readouterr().out == "1 guide: 0 errors, 0 warnings, 0 notes\n"
    assert main(["guide", "lint", str(bad)]) == 1
    assert f"{bad}:10: warning compose-v1: docker-compose is Compose 1" in capsys.readouterr().out
    bad.write_text(BLOCK.format(tag="bash", text="\n".join(["docker-compose ps"] * 9)))
    assert main(["guide", "lint", str(bad)]) == 1
    out = capsys.readouterr().out
    assert out.count("compose-v1") == 1
    assert "; again in lines 11, 12, 13, 14, 15, 16 and 2 more" in out
    assert "9 warnings" in out
    noted = tmp_path / "noted.md"
    noted.write_text(BLOCK.format(tag="bash", text="netstat -tln"))
    assert main(["guide", "lint", str(noted)]) == 0
    assert "note net-tools" in capsys.readouterr().out
    bad.write_text(BLOCK.format(tag="bash", text="docker-compose ps"))
    assert main(["guide", "lint", "--json", str(good), str(bad)]) == 1
    document = json.loads(capsys.readouterr().out)
    assert [guide["path"] for guide in document["guides"]] == [str(good), str(bad)]
    (first, *_) = document["guides"][1]["problems"]
    assert set(first) == {"line", "rule", "severity", "reason", "suggestion"}
    assert main(["guide", "lint", str(tmp_path / "none.md")]) == 2
    assert "none.md is not there" in capsys.readouterr().err


def test_the_command_asks_the_server_at_hand(
    postgres_server: PostgresServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, guide = tmp_path / "c.toml", tmp_path / "g.md"
    config.write_text(f'sources = ["postgres"]\n[[postgres]]\nurl = "{postgres_server.url()}"\n')
    guide.write_text(BLOCK.format(tag="bash", text="psql -c 'select mean_time from pg_stat_statements'"))
    assert main(["--config", str(config), "guide", "lint", "--json", str(guide)]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["postgres"] >= 12


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_check(rule: str) -> None:
    """One that is only listed finds nothing, and nobody would notice."""
    room = Path(problem.__file__).parent
    checks = [path.read_text() for path in room.glob("*.py") if path.name != "problem.py"]
    assert any(f'"{rule}"' in text for text in checks)
