"""Units as a real systemd tells of them."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from console.errors import UsageError
from console.findings import Severity
from console.probe_local import UnitSettings
from console.sources.health.probe import Outcome
from console.sources.health.unit import UnitProbe, _span, properties
from tests.servers.systemd import Systemd, systemd

__all__ = ["systemd"]


def probe(manager: Systemd, unit: str, **settings: Any) -> UnitProbe:
    """A probe that asks this systemd."""
    env = {**os.environ, "PATH": f"{manager.bin}:{os.environ['PATH']}"}
    return UnitProbe(UnitSettings(unit=unit, **settings), env)


async def ask(manager: Systemd, unit: str, **settings: Any) -> Outcome:
    """What asking once shows."""
    return await probe(manager, unit, **settings).ask(datetime.now(UTC))


def states(found: Outcome) -> dict[str, float]:
    """The samples of node_exporter's state metric."""
    return {
        dict(sample.labels)["state"]: sample.value
        for sample in found.samples
        if sample.name == "node_systemd_unit_state"
    }


async def test_an_active_service(systemd: Systemd) -> None:
    systemd.unit("good.service", "[Service]\nExecStart=sleep 1000")
    systemd.systemctl("start", "good.service")

    found = await ask(systemd, "good")

    assert found.severity is Severity.OK
    assert found.text.startswith("active (running) for ")
    assert states(found) == {
        "active": 1, "reloading": 0, "inactive": 0, "failed": 0, "activating": 0, "deactivating": 0,
    }  # fmt: skip
    assert dict(found.details)["main process"].isdigit()


async def test_a_stopped_and_a_masked_one(systemd: Systemd) -> None:
    systemd.unit("halt.service", "[Service]\nExecStart=sleep 1000")
    stopped = await ask(systemd, "halt.service")
    assert (stopped.severity, stopped.text) == (Severity.CRITICAL, "inactive (dead)")
    assert stopped.fix == "systemctl start halt.service"

    (systemd.directory / "units" / "gone.service").symlink_to("/dev/null")
    systemd.systemctl("daemon-reload")
    assert (await ask(systemd, "gone.service")).text == "it is masked"


async def test_one_that_fails_says_how(systemd: Systemd) -> None:
    systemd.unit("bad.service", "[Service]\nExecStart=sh -c 'exit 3'")
    systemd.systemctl("start", "bad.service")
    systemd.until("bad.service", "failed")
    systemd.unit("shot.service", "[Service]\nExecStart=sh -c 'kill -9 $$$$'")
    systemd.systemctl("start", "shot.service")
    systemd.until("shot.service", "failed")

    bad, shot = await ask(systemd, "bad.service"), await ask(systemd, "shot.service")

    assert bad.severity is Severity.CRITICAL
    assert bad.text.startswith("failed for ")
    assert bad.text.endswith(": exit 3")
    assert bad.fix == "journalctl -u bad.service -e"
    assert shot.text.endswith(": signal, signal 9")
    assert states(bad)["failed"] == 1


async def test_restarts_within_an_hour(systemd: Systemd) -> None:
    systemd.unit(
        "flap.service",
        "StartLimitIntervalSec=0\n[Service]\nExecStart=sleep 1000\nRestart=always\nRestartSec=10ms",
    )
    systemd.systemctl("start", "flap.service")
    asked = probe(systemd, "flap.service")
    first = await asked.ask(datetime.now(UTC))
    systemd.systemctl("kill", "--kill-who=main", "-s", "KILL", "flap.service")
    systemd.until("flap.service", "1", "NRestarts")
    systemd.until("flap.service", "active")

    second = await asked.ask(datetime.now(UTC))

    assert first.severity is Severity.OK
    assert (second.severity, second.text) == (Severity.WARNING, "1 restart within an hour (limit 1)")
    assert [s.value for s in second.samples if s.name == "node_systemd_service_restart_total"] == [1]


async def test_one_that_is_started_again_and_again(systemd: Systemd) -> None:
    systemd.unit("loop.service", "[Service]\nExecStart=sh -c 'exit 1'\nRestart=always\nRestartSec=1h")
    systemd.systemctl("start", "loop.service")
    systemd.until("loop.service", "auto-restart", "SubState")

    found = await ask(systemd, "loop.service")

    assert (found.severity, found.text) == (
        Severity.CRITICAL,
        "it ended and is started again and again: exit 1",
    )


async def test_a_timer_with_its_last_and_next_time(systemd: Systemd) -> None:
    systemd.unit("job.service", "[Service]\nType=oneshot\nExecStart=true")
    systemd.unit("job.timer", "[Timer]\nOnActiveSec=10ms\nOnUnitActiveSec=2h\nAccuracySec=1ms")
    systemd.systemctl("start", "job.timer")
    systemd.until("job.service", "success", "Result")
    systemd.until("job.timer", "waiting", "SubState")

    found = await ask(systemd, "job.timer")
    late = await ask(systemd, "job.timer", max_age=("1ms", "2ms"))

    assert found.severity is Severity.OK
    assert "went off " in found.text
    assert "; next " in found.text
    assert late.severity is Severity.CRITICAL
    assert "ago (limit " in late.text
    names = {sample.name for sample in found.samples}
    assert "node_systemd_timer_last_trigger_seconds" in names


async def test_a_timer_by_the_calendar_whose_job_failed(systemd: Systemd) -> None:
    systemd.unit("night.service", "[Service]\nType=oneshot\nExecStart=sh -c 'exit 4'")
    systemd.unit("night.timer", "[Timer]\nOnCalendar=*-*-* 03:00:00 UTC\nAccuracySec=1ms")
    systemd.systemctl("start", "night.timer")
    systemd.systemctl("start", "night.service", check=False)

    found = await ask(systemd, "night.timer")

    assert (found.severity, found.text) == (
        Severity.CRITICAL,
        "night.service failed the last time: exit 4",
    )
    systemd.systemctl("reset-failed", "night.service")
    systemd.systemctl("stop", "night.timer")
    stopped = await ask(systemd, "night.timer")
    assert "the timer is inactive: it will not go off" in stopped.text


async def test_no_such_unit(systemd: Systemd) -> None:
    found = await ask(systemd, "none.service")

    assert (found.severity, found.text) == (Severity.CRITICAL, "there is no unit none.service")


async def test_a_host_without_systemd(tmp_path: Path) -> None:
    alone = UnitProbe(UnitSettings(unit="a.service"), {"PATH": str(tmp_path)})
    if os.access("/run/systemd/system", os.F_OK):
        pytest.skip("this host has systemd")  # the gate has none
    real = UnitProbe(UnitSettings(unit="a.service"), os.environ)

    assert (await alone.ask(datetime.now(UTC))).text == "this host has no systemctl"
    found = await real.ask(datetime.now(UTC))
    assert found.severity is Severity.CRITICAL
    if shutil.which("systemctl"):
        assert found.text == "this host was not started by systemd, or it is out of reach"
    assert "[[probes.process]]" in found.fix


@pytest.mark.parametrize("unit", ["", "--version", "ng*"])
def test_what_names_no_unit(unit: str) -> None:
    with pytest.raises(UsageError, match="names no unit"):
        UnitProbe(UnitSettings(unit=unit), {})


def test_durations_and_properties_as_systemd_writes_them() -> None:
    assert _span("1h 29min 10.368876s") == pytest.approx(5350.368876)
    assert _span("2w 1d 500ms") == pytest.approx(15 * 86400 + 0.5)
    assert _span("infinity") is None
    assert _span("") is None
    assert properties(b"A=b=c\nD=\x1b[2J\nnothing\n") == {"A": "b=c", "D": "␛[2J"}
