"""`opsconsole run`: what cron gets, and what it never does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from console.journal.store import Journal
from tests.patience import PATIENCE

GUIDE = """# Shop operations

## Morning checks

1. Check the disk
   ```bash
   df -P / | tail -1; X=5
   ```
2. Greet
   ```bash
   echo "$X hello <name>"
   ```
3. All services running and healthy

## Evening checks

- [ ] Check uptime

## Mend it

1. Look
   ```bash
   ls -d /usr
   ```
2. Clear the flag
   ```bash
   rm -f ./flag
   ```
3. Fail
   ```bash
   cat ./nothing-there
   ```
4. After
   ```bash
   head -c 5 shop.md
   ```

## Slow

1. Read slowly
   ```bash
   sleep 60
   ```
2. Look
   ```bash
   ls -d /usr
   ```
"""


class Place:
    """A directory with a guide, a home and a journal."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.guide = directory / "shop.md"
        self.guide.write_text(GUIDE)
        self.env = {
            "PATH": os.environ["PATH"], "HOME": str(directory), "XDG_STATE_HOME": str(directory / "state"),
        }  # fmt: skip
        self.words = [sys.executable, "-m", "console", "run", str(self.guide)]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        root = Path(__file__).parents[3]
        env = self.env | {"PYTHONPATH": str(root)}
        return subprocess.run(
            [*self.words, *words], env=env, cwd=self.directory, capture_output=True, text=True, check=False,
            timeout=120,
        )  # fmt: skip

    def start(self, *words: str) -> subprocess.Popen[str]:
        env = self.env | {"PYTHONPATH": str(Path(__file__).parents[3])}
        return subprocess.Popen(
            [*self.words, *words], env=env, cwd=self.directory, stdout=subprocess.PIPE, text=True
        )

    def wait_for(self, kind: str, count: int = 1) -> Journal:
        """The journal, once it has so many entries of this kind."""
        end = time.monotonic() + 2 * PATIENCE
        while time.monotonic() < end:
            if (self.directory / "state/opsconsole/journal.db").exists():
                journal = self.journal()
                if len(journal.entries(kinds=[kind])) >= count:
                    return journal
                journal.close()
            time.sleep(0.05)
        raise TimeoutError(kind)

    def journal(self) -> Journal:
        return Journal.open(self.directory / "state/opsconsole/journal.db", actor="x", host="x")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_checklist_without_a_person(place: Place) -> None:
    done = place.run("morning-checks", "--var", "name=a 'b' $(touch HACKED)", "--skip-manual")
    assert (done.returncode, done.stderr) == (0, "")
    assert "[1/3] Check the disk\n" in done.stdout
    assert "    5 hello a 'b' $(touch HACKED)\n    ok in " in done.stdout
    assert "    skipped: needs a person" in done.stdout
    assert not (place.directory / "HACKED").exists()
    journal = place.journal()
    assert journal.unfinished() == []
    assert list(journal.last_done()) == ["shop/morning-checks"]
    journal.close()


def test_what_needs_a_person_is_not_passed_over(place: Place) -> None:
    done = place.run("Morning checks", "--var", "name=x")
    assert done.returncode == 1
    assert "stopped: step 3, All services running and healthy: needs a person" in done.stdout


def test_an_item_that_a_source_answers_is_ticked_by_it(place: Place) -> None:
    done = place.run("evening-checks", "--json")
    assert done.returncode == 0, done.stdout
    (step,) = json.loads(done.stdout)["steps"]
    assert step["status"] == "ticked"
    assert "up" in step["evidence"]
    journal = place.journal()
    (tick,) = journal.entries(kinds=["ticked"])
    journal.close()
    assert tick.body["automatic"] is True
    assert tick.text("value") == step["evidence"]


def test_no_change_that_was_not_allowed(place: Place) -> None:
    flag = place.directory / "flag"
    flag.touch()
    done = place.run("mend-it")
    assert done.returncode == 2
    assert "--allow" in done.stdout
    assert flag.exists()
    done = place.run("mend-it", "--allow", "change", "--json", "--junit", "checks.xml")
    assert done.returncode == 1
    assert not flag.exists()
    told = json.loads(done.stdout)
    assert [step["status"] for step in told["steps"]] == ["ok", "ok", "failed", "waiting"]
    assert told["steps"][2]["exit"] == 1
    assert "nothing-there" in told["steps"][2]["output"][0]
    suite = ET.parse(place.directory / "checks.xml").getroot()[0]
    assert suite.attrib["failures"] == "1"
    assert [case.find("failure") is not None for case in suite] == [False, False, True, False]


def test_going_on_and_beginning_later(place: Place) -> None:
    done = place.run("mend-it", "--allow", "change", "--from", "3", "--continue")
    assert done.returncode == 1
    assert "/usr" not in done.stdout
    assert "    # Sho\n" in done.stdout


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (
            ["morning-checks", "--var", "name=x", "--junit", "/nonexistent/x.xml"],
            "/nonexistent/x.xml cannot be written",
        ),
        (["morning-checks", "--var", "name=x", "--junit", "/"], "/ cannot be written"),
        (["nothing"], 'shop has no procedure "nothing"'),
        (["mornin-checks"], "did you mean morning-checks?"),
        (["morning-checks"], "no value for name: --var name=VALUE"),
        (["morning-checks", "--var", "nmae=x"], "nothing asks for nmae (did you mean name?)"),
        (["morning-checks", "--var", "name"], "--var takes NAME=VALUE"),
        (["mend-it", "--from", "9"], "there is no step 9: it has 4"),
        (["mend-it", "--from", "x"], "--from takes the number of a step"),
        (["mend-it", "--allow", "all"], "did you mean"),
    ],
)
def test_a_wrong_command_line_is_one_sentence(place: Place, words: list[str], reason: str) -> None:
    done = place.run(*words)
    assert done.returncode == 2
    if "did you mean" not in reason or "all" not in words:
        assert reason in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (place.directory / "state").exists()


def test_as_cron_starts_it(place: Place) -> None:
    """No terminal, no input, no home, next to no environment."""
    (place.directory / "opsconsole.toml").write_text(
        f'[journal]\npath = "{place.directory}/state/journal.db"\n'
    )
    place.directory.chmod(0o700)
    root = Path(__file__).parents[3]
    words = ["setsid", "env", "-i", f"PYTHONPATH={root}", *place.words, "morning-checks", "--var", "name=x",
             "--skip-manual", "--json"]  # fmt: skip
    done = subprocess.run(words, cwd=place.directory, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False, timeout=120)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["steps"][1]["output"] == ["5 hello x"]


def test_a_secret_comes_by_the_environment(place: Place) -> None:
    place.env["name"] = "from the environment"
    done = place.run("morning-checks", "--var", "name", "--skip-manual")
    assert "5 hello from the environment" in done.stdout


def test_two_of_the_same_at_once_are_one(place: Place) -> None:
    with place.start("slow") as first:
        place.wait_for("spawned")
        again = place.run("slow", "--json")
        assert again.returncode == 2
        assert again.stderr.startswith("opsconsole: shop/slow is being carried out already")
        assert place.run("mend-it", "--from", "4").returncode == 0  # another is not kept from anything
        first.send_signal(signal.SIGTERM)
        assert first.wait(PATIENCE) == 3
    with place.start("slow") as later:  # it was given back
        place.wait_for("spawned", 3)
        later.send_signal(signal.SIGTERM)
        assert later.wait(PATIENCE) == 3


def test_interrupted_it_ends_what_it_reads_and_says_so(place: Place) -> None:
    with place.start("slow") as process:
        assert process.stdout is not None
        journal = place.wait_for("spawned")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 3
        assert "interrupted by SIGTERM" in process.stdout.read()
    (end_of_it,) = journal.entries(kinds=["ended"])
    assert end_of_it.text("status") == "cancelled"
    assert journal.unfinished() == []
    journal.close()
