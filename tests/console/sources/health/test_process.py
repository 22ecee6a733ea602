"""Processes as their probe finds and judges them: real ones, started here."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from console.errors import UsageError
from console.findings import Severity
from console.probe_local import ProcessSettings
from console.sources.health.process import ProcessProbe
from tests.patience import PATIENCE
from tests.servers import require

NOW = datetime.now(UTC)


class Crew:
    """Processes of one mark in their command line, ended with the test."""

    def __init__(self) -> None:
        self.mark = f"crew-{uuid4().hex[:8]}"
        self.sleeper = require("sleep", "coreutils")
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, script: str = "", *arguments: str) -> subprocess.Popen[bytes]:
        """One more, once its own program runs."""
        script = f"{script}\nprint(flush=True)\nimport time; time.sleep(60)"
        words = [sys.executable, "-S", "-c", script, *arguments, self.mark]
        one = subprocess.Popen(words, stdout=subprocess.PIPE)
        assert one.stdout is not None
        one.stdout.readline()
        self.running.append(one)
        return one

    def nap(self, program: Path) -> None:
        """A process of another name."""
        program.symlink_to(self.sleeper)
        one = subprocess.Popen([program, "60"], stdout=subprocess.PIPE)
        self.running.append(one)
        while Path(f"/proc/{one.pid}/comm").read_bytes().strip() != program.name.encode()[:15]:
            time.sleep(0.005)

    def end(self, one: subprocess.Popen[bytes]) -> None:
        """End one."""
        one.kill()
        one.wait()
        assert one.stdout is not None
        one.stdout.close()
        self.running.remove(one)

    def probe(self, **settings: Any) -> ProcessProbe:
        """A probe of these."""
        return ProcessProbe(ProcessSettings(cmdline=f"{self.mark}$", **settings), {})


@pytest.fixture
def crew() -> Iterator[Crew]:
    """Processes that can be told from all others."""
    made = Crew()
    yield made
    for one in list(made.running):
        made.end(one)


async def test_none_too_few_enough_and_too_many(crew: Crew) -> None:
    none = await crew.probe().ask(NOW)
    assert (none.severity, none.text) == (Severity.CRITICAL, "it does not run")

    crew.start()
    assert (await crew.probe(min=2).ask(NOW)).text == "1 running, 2 wanted"
    found = await crew.probe().ask(NOW)
    assert found.severity is Severity.OK
    assert found.text.startswith("1 process, the oldest for ")

    crew.start()
    many = await crew.probe(max=1).ask(NOW)
    assert (many.severity, many.text) == (Severity.WARNING, "2 running, 1 at most")


def resources(pid: int) -> tuple[int, int]:
    """Resident bytes and open files of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize(), len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def test_samples_are_those_of_process_exporter(crew: Crew) -> None:
    one = crew.start("x = bytearray(40 << 20)")
    probe = crew.probe(name="crew")

    found = await probe.ask(datetime.now(UTC))

    samples = {(s.name, dict(s.labels).get("memtype", "")): s.value for s in found.samples}
    prefix = "namedprocess_namegroup_"
    assert samples[prefix + "num_procs", ""] == 1
    resident, descriptors = resources(one.pid)
    assert samples[prefix + "memory_bytes", "resident"] == pytest.approx(resident, rel=0.1)
    assert samples[prefix + "num_threads", ""] == 1
    assert samples[prefix + "open_filedesc", ""] == descriptors
    assert samples[prefix + "oldest_start_time_seconds", ""] == pytest.approx(time.time(), abs=60)
    assert {dict(s.labels)["groupname"] for s in found.samples} == {"crew"}


async def test_cpu_is_counted_between_looks(crew: Crew) -> None:
    crew.start("import threading\nthreading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()")
    probe = crew.probe(cpu=(0.01, 100.0))
    first = await probe.ask(NOW)
    until = time.monotonic() + PATIENCE
    found = first
    while found.severity is Severity.OK and time.monotonic() < until:
        time.sleep(0.6)  # noqa: ASYNC251 it is another process that works meanwhile
        found = await probe.ask(NOW)

    assert first.severity is Severity.OK
    assert found.severity is Severity.WARNING
    assert "cores (limit 0.01)" in found.text
    total = sum(s.value for s in found.samples if s.name == "namedprocess_namegroup_cpu_seconds_total")
    assert total > 0


async def test_a_restart_is_seen_by_the_oldest_being_younger(crew: Crew) -> None:
    probe = crew.probe()
    one, other = crew.start(), crew.start()
    await probe.ask(NOW)
    crew.end(other)  # a worker of a pool comes and goes
    crew.start()
    assert (await probe.ask(NOW)).severity is Severity.OK

    for each in (one, *crew.running):
        if each in crew.running:
            crew.end(each)
    await probe.ask(NOW)
    crew.start()
    found = await probe.ask(NOW)

    assert found.severity is Severity.WARNING
    assert found.text == "1 restart within an hour (limit 1)"


async def test_open_files_against_their_limit(crew: Crew) -> None:
    one = crew.start(
        "import resource, os\nresource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))\n"
        "kept = [os.open('/dev/null', 0) for _ in range(15)]"
    )

    found = await crew.probe().ask(NOW)

    assert found.severity is Severity.WARNING
    assert f"process {one.pid} has 18 of 20 files open (90%)" in found.text


@pytest.mark.parametrize("name", ["nap", "a-rather-long-name-of-a-program"])
async def test_by_name_also_a_longer_one_than_the_kernel_keeps(crew: Crew, tmp_path: Path, name: str) -> None:
    crew.nap(tmp_path / name)

    found = await ProcessProbe(ProcessSettings(process=name), {}).ask(NOW)
    other = await ProcessProbe(ProcessSettings(process=name + "-x"), {}).ask(NOW)

    assert found.severity is Severity.OK, found.text
    assert other.text == "it does not run"


async def test_secrets_of_a_command_line_are_not_shown(crew: Crew) -> None:
    crew.start("", "--password=geheim")

    found = await crew.probe().ask(NOW)

    assert "geheim" not in str(found)
    assert "--password=***" in dict(found.details)["oldest"]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "it is not said which process"),
        ({"process": "a", "cmdline": "b"}, "it is not said which process"),
        ({"cmdline": "("}, "no regular expression"),
        ({"process": "a", "min": 3, "max": 2}, "max is below min"),
    ],
)
def test_what_cannot_be_used(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        ProcessProbe(ProcessSettings(**settings), {})
