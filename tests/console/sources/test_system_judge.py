"""What is found wrong with a host, figure by figure."""

from __future__ import annotations

from datetime import datetime

import pytest

from console.config import Limits
from console.findings import Finding, Severity
from console.sources.system.host import (
    NAN,
    Confinement,
    CpuShares,
    FileSystem,
    OomKills,
    Pressure,
    ProcessCounts,
    Swap,
    SystemSnapshot,
    Temperature,
)
from console.sources.system.judge import judge
from console.sources.system.proc import Stall
from tests.console.sources.calm_host import CALM, ROOT, G
from tests.copies import replace

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL


def only(snapshot: SystemSnapshot) -> Finding:
    """The one finding there is."""
    (finding,) = judge(snapshot, Limits())
    return finding


def test_a_calm_host_has_no_findings() -> None:
    assert judge(CALM, Limits()) == []


def test_a_limit_of_the_configuration_is_the_one_that_counts() -> None:
    (finding,) = judge(CALM, Limits(memory=(0.4, 0.6)))
    assert (finding.subject, finding.severity) == ("memory", WARNING)
    assert finding.text == "50% used, 8.0G available (limit 40%)"


@pytest.mark.parametrize(
    ("shares", "text"),
    [
        (CpuShares("cpu", 0.7, 0.0, 0.2, 0.0, 0.0, 0.0, 0.1), "90% busy (limit 85%)"),
        (CpuShares("cpu", 0.1, 0.0, 0.1, 0.25, 0.0, 0.0, 0.55), "25% waiting for disks (limit 20%)"),
        (CpuShares("cpu", 0.1, 0.0, 0.1, 0.0, 0.0, 0.15, 0.65), "15% stolen (limit 10%)"),
    ],
)
def test_cpu_is_judged_by_what_it_is_spent_on(shares: CpuShares, text: str) -> None:
    finding = only(replace(CALM, steady=shares))
    assert (finding.subject, finding.severity, finding.text) == ("cpu", WARNING, text)


def test_a_busy_second_is_no_finding() -> None:
    busy = CpuShares("cpu", 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert judge(replace(CALM, cpu=busy), Limits()) == []
    assert judge(replace(CALM, cpu=busy, steady=None), Limits()) == []


def test_load_is_judged_by_core() -> None:
    finding = only(replace(CALM, load=(0.0, 9.0, 0.0)))
    assert (finding.severity, finding.text) == (CRITICAL, "9.0 over 5 min, 4.5 a core (limit 4)")


def test_a_full_disk_and_its_inodes() -> None:
    full = replace(ROOT, mount="/var", used=96 * G, available=4 * G)
    finding = only(replace(CALM, filesystems=(ROOT, full)))
    assert (finding.severity, finding.subject) == (CRITICAL, "/var")
    assert finding.text == "96% used, 4.0G free (limit 95%)"
    few = replace(ROOT, files_free=100)
    assert only(replace(CALM, filesystems=(few,))).text == "90% of inodes used (limit 85%)"


def test_a_hint_to_be_typed_survives_a_hostile_mount_point() -> None:
    full = replace(ROOT, mount="/mnt/$(reboot) x", used=90 * G, available=10 * G)
    assert "du -xh --max-depth=2 '/mnt/$(reboot) x' |" in only(replace(CALM, filesystems=(full,))).hint


def test_a_read_only_disk_cannot_fill_up() -> None:
    medium = replace(ROOT, readonly=True, used=100 * G, available=0)
    assert judge(replace(CALM, filesystems=(medium,)), Limits()) == []


def test_a_disk_that_has_become_read_only() -> None:
    broken = replace(ROOT, readonly=True, turned_readonly=True)
    finding = only(replace(CALM, filesystems=(broken,)))
    assert (finding.severity, finding.text) == (CRITICAL, "has become read-only")


def test_a_mount_that_does_not_answer() -> None:
    silent = datetime(2026, 3, 1, 12, 0, 5).astimezone()
    dead = FileSystem("nas:/data", "/data", "nfs4", "0:40", silent_since=silent)
    finding = only(replace(CALM, filesystems=(dead,)))
    assert (finding.severity, finding.subject) == (CRITICAL, "/data")
    assert finding.text == "no answer since 12:00:05"
    assert only(
        replace(CALM, filesystems=(replace(dead, silent_since=None, error="Stale file handle"),))
    ).text == ("Stale file handle")


def test_swap_counts_where_there_is_some() -> None:
    assert only(replace(CALM, swap=Swap(4 * G, 3 * G, 0.0, 0.0))).text == "75% used (limit 50%)"


def test_pressure() -> None:
    pressure = Pressure("io", Stall(0.6, 0.1, 0.1, 5.0), None)
    finding = only(replace(CALM, pressures=(pressure,)))
    assert (finding.severity, finding.subject) == (CRITICAL, "io pressure")
    assert finding.text == "60% of 10 s stalled (limit 50%)"


def test_temperature_by_our_limit_and_by_the_hardware_s_own() -> None:
    warm, hot = Temperature("core 0", 86.0), Temperature("nvme", 80.0, 79.0)
    assert only(replace(CALM, temperatures=(warm,))).severity is WARNING
    finding = only(replace(CALM, temperatures=(hot,)))
    assert (finding.severity, finding.text) == (CRITICAL, "80 °C (limit 79)")
    assert judge(replace(CALM, temperatures=(Temperature("x", 50.0, NAN),)), Limits()) == []


def test_out_of_memory_kills() -> None:
    finding = only(replace(CALM, oom=OomKills(12, 2, 130.0)))
    assert (finding.severity, finding.text) == (CRITICAL, "2 processes killed for want of memory, 2 min ago")


def test_zombies_name_their_parent() -> None:
    finding = only(replace(CALM, counts=ProcessCounts(zombies=25, negligent="bad (40)")))
    assert finding.subject == "zombies"
    assert finding.hint.startswith("bad (40) does not wait")
    assert only(replace(CALM, counts=ProcessCounts(uninterruptible=12))).subject == "state D"


def test_a_critical_count_names_the_critical_limit() -> None:
    assert only(replace(CALM, counts=ProcessCounts(zombies=20))).text.endswith("(limit 20)")
    assert only(replace(CALM, counts=ProcessCounts(zombies=200))).text.endswith("(limit 200)")
    assert only(replace(CALM, counts=ProcessCounts(uninterruptible=60))).text.endswith("(limit 50)")


def test_the_memory_of_a_limited_control_group() -> None:
    group = Confinement(2 * G, int(1.9 * G), 0.5)
    finding = only(replace(CALM, confinement=group))
    assert (finding.subject, finding.text) == ("memory of the group", "95% of 2.0G used (limit 90%)")


def test_worst_first() -> None:
    full = replace(ROOT, used=96 * G, available=4 * G)
    snapshot = replace(CALM, load=(0.0, 5.0, 0.0), filesystems=(full,), swap=Swap(4 * G, 3 * G, 0.0, 0.0))
    severities = [finding.severity for finding in judge(snapshot, Limits())]
    assert severities == [CRITICAL, WARNING, WARNING]


def test_texts_fit_where_they_are_shown() -> None:
    snapshot = replace(
        CALM,
        load=(0.0, 64.0, 0.0),
        filesystems=(replace(ROOT, used=96 * G, available=4 * G, files_free=0),),
        pressures=(Pressure("memory", Stall(1.0, 0.1, 0.1, 5.0), None),),
        oom=OomKills(12, 222, 599.0),
    )
    assert all(len(finding.text) <= 52 for finding in judge(snapshot, Limits()))
