"""What is stated beside the steps: limits, rules, severities, who is asked, where to look."""

from __future__ import annotations

import pytest

from console.guides.model import Guide
from console.guides.objectives import objective_in
from console.guides.reading import read_text


def read(text: str, title: str = "X") -> Guide:
    return read_text(f"# G\n\n## {title}\n\n{text}\n", "x.md")


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("**Latency**: API endpoints < 500ms", ("Latency", "<", 500, "ms")),
        ("**Uptime**: > 99.9%", ("Uptime", ">", 99.9, "%")),
        ("**Connections**: < 80% of max", ("Connections", "<", 80, "%")),
        ("Disk space (threshold: <10% free)", ("Disk space", "<", 10, "%")),
        ("Response times (threshold: >2s)", ("Response times", ">", 2, "s")),
        ("**Page load**: <2 seconds", ("Page load", "<", 2, "s")),
        ("Response time (<200ms average)", ("Response time", "<", 200, "ms")),
        ("API p95: < 500 ms", ("API p95", "<", 500, "ms")),
        ("Throughput: > 1,000 req/sec", ("Throughput", ">", 1000, "req/sec")),
        ("**CPU**: Consistently &gt; 70% for a week", ("CPU", ">", 70, "%")),
        ("MTTR: < 15 minutes", ("MTTR", "<", 15, "min")),
        ("RTO: 4 hours max", ("RTO", "<=", 4, "h")),
        ("Memory must stay under 85 %", ("Memory", "<", 85, "%")),
        ("Lag ≤ 30 s", ("Lag", "<=", 30, "s")),
        ("Queue depth < 100", ("Queue depth", "<", 100, "")),
        ("Free space: at least 10%", ("Free space", ">=", 10, "%")),
        ("Errors (threshold: >5 per minute)", ("Errors", ">", 5, "per minute")),
        ("Alert if disk usage exceeds 90%", ("disk usage", ">", 90, "%")),
    ],
)
def test_limits_as_people_write_them(text: str, limit: tuple[str, str, float, str]) -> None:
    found = objective_in(text)
    assert found is not None
    assert (found.name, found.op, found.value, found.unit) == limit


@pytest.mark.parametrize(
    "text",
    ["TLS 1.2+", "100 users", "Answers within 5 minutes", "More than 3 people know it",
     "Takes over 2 hours", "a < b", "5 > 4",
     "Backup after 30 min", "Version 2.0"],
)  # fmt: skip
def test_what_only_holds_a_number_is_no_limit(text: str) -> None:
    assert objective_in(text) is None


def test_a_goal_and_a_breach_are_told_apart() -> None:
    goals = read("- **CPU**: < 70%\n- Memory (threshold: >80%)", "Metrics").objectives
    assert [one.breach for one in goals] == [False, True]
    alerts = read("- CPU (>90%)", "Critical alerts").objectives
    assert [(one.breach, one.severity) for one in alerts] == [(True, "critical")]
    assert read("- Python >= 3.11", "Requirements").objectives == ()


def test_limits_in_a_table_and_in_a_frame() -> None:
    table = "| Figure | Target | Critical |\n|---|---|---|\n| CPU | < 60% | > 90% |\n| Disks | many | |"
    found = read(table).objectives
    assert [(one.op, one.value, one.breach, one.severity, one.line) for one in found] == [
        ("<", 60, False, "", 7), (">", 90, True, "critical", 7),
    ]  # fmt: skip
    found = read("```\nSpeed:\n- Load: < 2s\n- Colour: blue\n```").objectives
    assert [(one.name, one.value, one.line) for one in found] == [("Load", 2, 7)]


def test_rules_with_groups_and_as_a_bare_list() -> None:
    rule = (
        "- alert: Down\n  expr: up == 0\n  for: 5m\n  labels: {severity: page}\n"
        "  annotations:\n    summary: gone\n"
    )
    bare = read(f"```yaml\n{rule}```").rules[0]
    assert (bare.alert, bare.expr, bare.duration, bare.line) == ("Down", "up == 0", "5m", 6)
    assert (bare.labels, bare.annotations) == ((("severity", "page"),), (("summary", "gone"),))
    inner = "".join(f"      {line}\n" for line in rule.splitlines())
    grouped = read(f"```yaml\ngroups:\n  - name: g\n    rules:\n{inner}```").rules[0]
    assert (grouped.alert, grouped.group, grouped.line) == ("Down", "g", 9)


def test_rules_of_broken_yaml_are_read_by_their_lines() -> None:
    guide = read(
        '```yaml\n- alert: A\n  expr: up{x="y"} == 0\n  labels:\n    severity: page\n'
        '- alert: "B\n  expr: x > 1\n```'
    )
    assert [(one.alert, one.expr, one.line) for one in guide.rules] == [
        ("A", 'up{x="y"} == 0', 6), ("B", "x > 1", 10),
    ]  # fmt: skip
    assert "YAML is broken" in guide.unread[0].reason


def test_a_rule_without_an_expression_is_named() -> None:
    guide = read("```yaml\n- alert: A\n  for: 5m\n```")
    assert guide.rules == ()
    assert [(one.reason, one.text) for one in guide.unread] == [("the alert rule has no expression", "A")]


@pytest.mark.parametrize(
    ("title", "text", "levels"),
    [
        ("Severity levels", "- **Critical**: all down\n- **Low**: cosmetic", [("Critical", ""), ("Low", "")]),
        ("Response times", "- **Critical**: 15 minutes\n- **Low**: next business day",
         [("Critical", "15 minutes"), ("Low", "next business day")]),
        ("Classification",
         "**P1 - Critical (Response: Immediate)**\n- all down\n\n**P2 - High (Response: 1 hour)**\n- slow",
         [("P1 - Critical", "Immediate"), ("P2 - High", "1 hour")]),
        ("Incidents",
         "### SEV1: Critical\n- Response time: 15 minutes\n\n### SEV2: Major\n- Response time: 1 hour",
         [("SEV1 - Critical", "15 minutes"), ("SEV2 - Major", "1 hour")]),
        ("Severities",
         "| Severity | Example | Response time |\n|---|---|---|\n| P1 | all down | 5 min |", [("P1",
          "5 min")]),
        ("Alert escalation", "1. **Low severity**: mail\n2. **High severity**: phone", [("Low", ""),
         ("High", "")]),
        ("Priorities", "```\nPriority | Time to respond\n---------|----\nHigh | 1 hour\n```",
         [("High", "1 hour")]),
    ],
)  # fmt: skip
def test_severities(title: str, text: str, levels: list[tuple[str, str]]) -> None:
    assert [(one.name, one.respond_within) for one in read(text, title).severities] == levels


def test_severities_said_in_two_places_are_one() -> None:
    text = "### Severity levels\n- **High**: slow\n\n### Response times\n- **High**: 1 hour\n"
    found = read(text, "Incidents").severities
    assert [(one.name, one.respond_within, one.description) for one in found] == [("High", "1 hour", "slow")]


@pytest.mark.parametrize(
    ("title", "text", "levels"),
    [
        ("Escalation", "1. **Level 1**: lead\n2. **Level 2**: head, after 30 minutes",
         [("Level 1", "lead", ""), ("Level 2", "head, after 30 minutes", "30 minutes")]),
        ("Escalation", "**Level 1 - On call:**\n- answers within 5 minutes\n\n**Level 2 - Lead:**\n- decides",
         [("Level 1", "On call", ""), ("Level 2", "Lead", "")]),
        ("Escalation", "| Level | Who | After |\n|---|---|---|\n| L1 | on call | 5 min |", [("L1",
         "on call", "5 min")]),
        ("Escalation path", "1. On-call engineer\n2. Team lead\n3. CTO",
         [("On-call engineer",) * 2 + ("",), ("Team lead",) * 2 + ("",), ("CTO",) * 2 + ("",)]),
        ("On-call escalation",
         "**Primary:**\n- Phone: +1-555-0100\n\n**Management:**\n- CTO: cto@x.example", []),
        ("Severity", "1. **Low severity**: mail", []),
    ],
)  # fmt: skip
def test_escalation(title: str, text: str, levels: list[tuple[str, str, str]]) -> None:
    assert [(one.name, one.who, one.after) for one in read(text, title).escalation] == levels


def test_contacts() -> None:
    text = (
        "- **Lead**: +1-555-0100 (lead@x.example)\n- **Cloud**: vendor support\n\n"
        "**Primary:**\n- Phone: +1-555-0101\n"
    )
    assert [(one.name, one.value) for one in read(text, "Contacts").contacts] == [
        ("Lead", "+1-555-0100 (lead@x.example)"), ("Cloud", "vendor support"), ("Primary · Phone",
         "+1-555-0101"),
    ]  # fmt: skip
    table = "| Role | Phone |\n|---|---|\n| Lead | +1-555-0100 |"
    assert [(one.name, one.value) for one in read(table, "Contacts").contacts] == [("Lead", "+1-555-0100")]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("```bash\ncurl -f http://a/health\n```", [("endpoint", "http://a/health")]),
        ("```bash\ncurl -s \\\n  http://a/b | jq .\n```", [("endpoint", "http://a/b")]),
        ("```bash\ncurl -X POST http://a/b\n```", []),
        ("```bash\ncurl -d x http://a/b\n```", []),
        ("```bash\ncurl -fsSL http://a/install.sh | sh\n```", []),
        ('```bash\nsh -c "$(curl -L http://a/install.sh)" -- -d\n```', []),
        ("```bash\ntail /var/log/app/x.log\n```", [("log", "/var/log/app/x.log")]),
        ("- Grafana: http://g:3000/d/x", [("dashboard", "http://g:3000/d/x")]),
        ("Ready at `http://a:8080/readyz`.", [("endpoint", "http://a:8080/readyz")]),
        ("See [the docs](https://docs.example/guide).", []),
    ],
)
def test_addresses(text: str, links: list[tuple[str, str]]) -> None:
    assert [(one.kind, one.url) for one in read(text).links] == links


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ("```\n┌──┐\n│a │\n└──┘\n```", "a drawing"),
        ("```python\nimport os\n```", "a sample in python: not run"),
        ("```json\n{}\n```", "configuration in json"),
        ("```promql\nup\n```", "queries in promql: not run here"),
        ("```\nkey = value\n```", "configuration text"),
        ("```\nsome words\n```", "a block without a tag that looks like no command"),
        ("```bash\nkey: value\n```", "no command, in a shell block"),
        ("```bash\nif true\n```", "the shell does not parse"),
    ],
)
def test_a_block_nothing_was_taken_from_is_named(block: str, reason: str) -> None:
    assert [(one.line, one.reason) for one in read(block).unread] == [(6, reason)]


def test_facts_in_german_and_french() -> None:
    guide = read(
        "| Messwert | Normal | Warnung | Kritisch |\n|---|---|---|---|\n| CPU | < 60 % | > 75 % | > 90 % |"
    )
    assert [(one.op, one.value, one.breach, one.severity) for one in guide.objectives] == [
        ("<", 60, False, ""), (">", 75, True, "warning"), (">", 90, True, "critical"),
    ]  # fmt: skip
    guide = read("- **Kritisch**: Reaktion innerhalb von 15 Minuten\n- **Hoch**: 1 Stunde", "Schweregrade")
    assert [(one.name, one.respond_within) for one in guide.severities] == [
        ("Kritisch", "15 Minuten"), ("Hoch", "1 Stunde"),
    ]  # fmt: skip
    guide = read("| Niveau | Délai de réponse |\n|---|---|\n| Critique | 15 minutes |", "Niveaux de gravité")
    assert [(one.name, one.respond_within) for one in guide.severities] == [("Critique", "15 minutes")]
    guide = read("1. Bereitschaft\n2. Teamleitung nach 30 Minuten", "Eskalation")
    assert [one.after for one in guide.escalation] == ["", "30 Minuten"]


@pytest.mark.parametrize(
    ("field", "name", "value"),
    [
        ("_When_: nothing answers", "when", "nothing answers"),
        ("**Verantwortlich**: Nachtdienst", "who", "Nachtdienst"),
        ("Durée : 10 minutes", "duration", 600),
        ("**Dauer**: 10 Minuten", "duration", 600),
    ],
)
def test_fields_of_a_procedure(field: str, name: str, value: str | int) -> None:
    (procedure,) = read(f"{field}\n\n1. Stop it: `systemctl stop web`\n2. Start it").procedures
    assert getattr(procedure, name) == value


def test_limits_of_prose_and_of_cells_that_say_what_happens() -> None:
    guide = read("**RTO target**: < 5 minutes  \n**RPO target**: 0\nCPU must stay under 80 %")
    assert [(one.name, one.op, one.value, one.unit) for one in guide.objectives] == [("RTO", "<", 5, "min")]
    text = (
        "| What | Limit |\n|---|---|\n| Time | Warning > 500 ms, critical > 2 s |\n| Queue | Alert if > 25 |"
    )
    assert [(one.name, one.value, one.breach, one.severity) for one in read(text).objectives] == [
        ("Time", 500, True, "warning"), ("Time", 2, True, "critical"), ("Queue", 25, True, ""),
    ]  # fmt: skip
    text = "| Service | SLI | SLO |\n|---|---|---|\n| API | uptime | > 99 % |\n| API | p99 | < 800 ms |"
    assert [one.name for one in read(text).objectives] == ["API uptime", "API p99"]
