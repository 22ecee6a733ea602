"""The guides of a configuration: found, read again, searched; what is due; the commands."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from console.cli import main
from console.config import Config, GuideSettings
from console.guides.library import Library
from console.journal.store import Journal

ZONE = timezone(timedelta(hours=1))
GUIDE = """# Shop

## Daily operations

### Morning checklist (9:00 AM)
- [ ] Orders come in
- [ ] Room on the disk: `df -h`

### Weekly review
- [ ] Slow statements

## Trouble

### Runbook: Database slow
**When**: HighQueryTime fires
```bash
# Look
uptime
```

### Cache cold
```bash
redis-cli info stats
```

### Nightly job
```bash
# Backup
0 2 * * * /opt/backup
```

```yaml
- alert: CacheMisses
  expr: redis_hit_rate < 0.8
  annotations:
    summary: the cache is cold
```
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "docs" / "sub").mkdir(parents=True)
    (tmp_path / "Operations.md").write_text(GUIDE)
    (tmp_path / "docs" / "sub" / "runbook-web.md").write_text("# Web\n## Restart\n```bash\nuptime\n```\n")
    (tmp_path / "docs" / "other.md").write_text("# No guide\n")
    return tmp_path


def library(place: Path, *paths: str) -> Library:
    return Library(Config(guides=GuideSettings(paths=paths)), place)


def at(text: str) -> datetime:
    """A time in November 2026; the 20th is a Friday."""
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=ZONE)


def test_a_name_or_pattern_without_a_guide_is_told(place: Path) -> None:
    named = library(place, "gone.md", "gone/*.md", "docs/**/*.md", "~nobody-there/x.md", "a\0b.md")
    assert [guide.title for guide in named.guides()] == ["No guide", "Web"]
    assert [(wrong.path.removeprefix(str(place)), wrong.reason) for wrong in named.unreadable] == [
        ("gone/*.md", "gone/*.md names no file"),
        ("~nobody-there/x.md", "~nobody-there/x.md can be no path: Could not determine home directory."),
        ("a␀b.md", "a␀b.md can be no path: there is a NUL in it"),
        ("/gone.md", "No such file or directory"),
    ]


def test_guides_are_found_in_the_usual_places(place: Path) -> None:
    assert [guide.title for guide in library(place).guides()] == ["Shop", "Web"]


def test_named_files_and_globs_take_their_place(place: Path) -> None:
    assert [guide.title for guide in library(place, "docs/**/*.md").guides()] == ["No guide", "Web"]
    assert [guide.title for guide in library(place, str(place / "docs" / "other.md")).guides()] == [
        "No guide"
    ]
    one = library(place, "missing.md", "Operations.md")
    assert [guide.title for guide in one.guides()] == ["Shop"]
    assert "missing.md" in one.unreadable[0].path


def test_a_guide_is_read_again_only_when_it_changed(place: Path) -> None:
    one = library(place)
    before = one.guides()
    assert [a is b for a, b in zip(before, one.guides(), strict=True)] == [True, True]
    (place / "Operations.md").write_text(GUIDE.replace("# Shop", "# Stall"))
    assert [guide.title for guide in one.guides()] == ["Stall", "Web"]
    status = os.stat(place / "Operations.md")
    os.utime(place / "Operations.md", ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert one.guides()[0] is not before[0]
    (place / "Operations.md").unlink()
    assert [guide.title for guide in one.guides()] == ["Web"]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("database slow", "database-slow"),
        ("slow databases", "database-slow"),
        ("database-slow", "database-slow"),
        ("HighQueryTime", "database-slow"),
        ("CacheMisses", "cache-cold"),
        ("redis_hit_rate < 0.8", "cache-cold"),
        ("disk room", "morning-checklist"),
        ("restart", "restart"),
    ],
)
def test_search_finds_the_procedure_that_is_meant(place: Path, words: str, first: str) -> None:
    assert library(place).find(words)[0].procedure.id == first


def test_search_for_nothing_and_for_what_is_not_there(place: Path) -> None:
    assert library(place).find("") == []
    assert library(place).find("zeppelin") == []


@pytest.mark.parametrize(
    ("now", "done", "states"),
    [
        ("20T08:00", {}, {"morning-checklist": "next", "weekly-review": "due", "nightly-job": "next"}),
        ("20T09:12", {}, {"morning-checklist": "overdue", "weekly-review": "due", "nightly-job": "next"}),
        ("20T09:12", {"morning-checklist": "20T08:50"}, {"morning-checklist": "next"}),
        ("20T09:12", {"morning-checklist": "19T09:05"}, {"morning-checklist": "overdue"}),
        ("20T08:00", {"morning-checklist": "18T09:05"}, {"morning-checklist": "overdue"}),
        ("20T08:00", {"weekly-review": "16T10:00"}, {"weekly-review": "next"}),
        ("20T08:00", {"weekly-review": "12T10:00"}, {"weekly-review": "due"}),
        ("20T08:00", {"weekly-review": "02T10:00"}, {"weekly-review": "overdue"}),
        ("20T08:00", {"Operations/weekly-review": "16T10:00"}, {"weekly-review": "next"}),
    ],
)
def test_what_is_due(place: Path, now: str, done: dict[str, str], states: dict[str, str]) -> None:
    found = library(place).due(at(now), {key: at(value) for key, value in done.items()})
    have = {one.procedure.id: one.state for one in found}
    assert {key: have[key] for key in states} == states
    order = ["overdue", "due", "next"]
    assert [order.index(one.state) for one in found] == sorted(order.index(one.state) for one in found)


def test_when_it_was_or_will_be_due(place: Path) -> None:
    found = {one.procedure.id: one.at for one in library(place).due(at("20T09:12"), {})}
    assert found == {
        "morning-checklist": at("20T09:00"), "weekly-review": at("16T00:00"), "nightly-job": at("21T02:00"),
    }  # fmt: skip


def run(capsys: Any, *words: str) -> tuple[int, str, str]:
    code = main(words)
    out, err = capsys.readouterr()
    return code, out, err


def test_guide_list_shows_what_is_there(place: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(place)
    code, out, _ = run(capsys, "guide", "list")
    assert code == 0
    assert "Shop" in out
    assert "weekly" in out.lower()
    code, out, _ = run(capsys, "guide", "list", "--json")
    found = json.loads(out)["guides"]
    assert [(one["title"], one["checklists"], one["runbooks"]) for one in found] == [
        ("Shop", 2, 3),
        ("Web", 0, 1),
    ]


def test_guide_list_knows_from_the_journal_what_was_done(
    place: Path, tmp_path: Path, capsys: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "state" / "opsconsole" / "journal.db"

    def state() -> dict[str, str]:
        _, out, _ = run(capsys, "guide", "list", "--json")
        return {one["id"]: one["state"] for guide in json.loads(out)["guides"] for one in guide["due"]}

    assert state()["weekly-review"] == "due"
    assert not path.exists()  # looking makes nothing
    journal = Journal.open(path, actor="ana", host="db-1")
    journal.append("closed", body={"procedure": "Operations/weekly-review", "status": "done"})
    assert state()["weekly-review"] == "next"
    journal.close()
    assert state()["weekly-review"] == "next"
    path.write_bytes(b"no journal" * 100)
    code, out, _ = run(capsys, "guide", "list")
    assert (code, "what was done is not known" in out) == (0, True)
    assert state()["weekly-review"] == "due"


def test_guide_list_without_a_guide_says_where_one_goes(
    tmp_path: Path, capsys: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = run(capsys, "guide", "list")
    assert code == 2
    assert "[guides] paths" in err


def test_guide_show_for_people(place: Path, capsys: Any) -> None:
    code, out, _ = run(capsys, "guide", "show", str(place / "Operations.md"))
    assert code == 0
    assert "Morning checklist (9:00 AM)" in out
    assert "due 09:00" in out
    noted = place / "noted.md"
    noted.write_text("## Cold\n\nNever at noon, the doors stand open then.\n\n```bash\n# Look\nuptime\n```\n")
    assert "· Never at noon" in run(capsys, "guide", "show", str(noted), "cold")[1]
    code, out, _ = run(capsys, "guide", "show", str(place / "Operations.md"), "cache-cold")
    assert "redis-cli info stats" in out
    assert "Morning" not in out


def test_guide_show_for_scripts(place: Path, capsys: Any) -> None:
    code, out, _ = run(capsys, "guide", "show", str(place / "Operations.md"), "--json")
    assert code == 0
    found = json.loads(out)
    assert set(found) >= {
        "title", "procedures", "objectives", "rules", "severities", "escalation", "contacts", "endpoints",
        "unread",
    }  # fmt: skip
    first = found["procedures"][0]
    assert set(first) >= {"id", "title", "kind", "line", "cadence", "due", "cron", "who", "when", "steps"}
    assert set(first["steps"][1]) >= {
        "title", "kind", "command", "line", "end_line", "risk", "variables", "where",
    }  # fmt: skip
    assert first["steps"][1]["command"] == "df -h"
    assert found["rules"][0]["for"] == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("guide", "show", "none.md"), "is not there"),
        (("guide", "show", "{guide}", "cache-cool"), "did you mean cache-cold?"),
        (("guide", "shwo", "x"), "did you mean show?"),
        (("guide",), "TASK"),
    ],
)
def test_wrong_words_get_one_sentence(place: Path, capsys: Any, words: tuple[str, ...], says: str) -> None:
    code, out, err = run(capsys, *(word.format(guide=place / "Operations.md") for word in words))
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.splitlines()) == 1


def test_nothing_of_a_guide_reaches_a_terminal_as_control(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "x.md"
    path.write_text("# T\x1b]0;x\x07\n\n## P\x9b31m\n```bash\n# S\x1b[2J\nls \x1b[31m\u202e\n```\n")
    for words in (("--json",), (), ("p31m",)):
        _, out, _ = run(capsys, "guide", "show", str(path), *words)
        assert not any(char in out for char in "\x1b\x07\x9b\u202e")
