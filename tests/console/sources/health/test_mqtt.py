"""A real mosquitto, and what may stand where a broker should."""

from __future__ import annotations

import os
import signal
import socket
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from console.errors import UsageError
from console.findings import Severity
from console.probe_local import MqttSettings
from console.sources.health.mqtt import MqttProbe
from console.sources.health.probe import Outcome
from tests.patience import PATIENCE
from tests.servers.mosquitto import Mosquitto, mosquitto

__all__ = ["mosquitto"]

NOW = datetime(2026, 11, 27, tzinfo=UTC)


async def ask(address: str, **settings: Any) -> Outcome:
    """What asking once shows."""
    return await MqttProbe(MqttSettings(address=address, **settings), {}).ask(NOW)


def publish(broker: Mosquitto, number: int) -> None:
    """Send so many messages, one of them retained."""
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    for each in range(number):
        client.publish(f"t/{each}", "x", qos=1, retain=not each).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


async def test_what_a_broker_tells_of_itself(mosquitto: Mosquitto) -> None:
    found = await ask(mosquitto.address)

    assert found.severity is Severity.OK, found.text
    assert " clients; " in found.text
    assert found.text.endswith(" retained")
    samples = {sample.name: sample.value for sample in found.samples}
    assert samples["mqtt_up"] == 1
    assert samples["broker_uptime"] >= 0
    assert {"broker_clients_connected", "broker_messages_received", "broker_retained_messages_count"} <= set(
        samples
    )
    assert dict(found.details)["version"].startswith("mosquitto version ")


async def test_messages_a_second_between_two_looks(mosquitto: Mosquitto) -> None:
    probe = MqttProbe(MqttSettings(address=mosquitto.address, messages=(1.0, 1e9)), {})
    found = await probe.ask(NOW)
    publish(mosquitto, 300)
    until = time.monotonic() + PATIENCE
    while "messages/s in" not in found.text:
        assert time.monotonic() < until, found.text
        found = await probe.ask(NOW)

    assert found.severity is Severity.WARNING
    assert "(limit 1)" in found.text


async def test_too_many_clients(mosquitto: Mosquitto) -> None:
    until = time.monotonic() + PATIENCE
    while not (found := await ask(mosquitto.address, clients=(1.0, 1000.0))).severity:
        assert time.monotonic() < until, found.text  # it counts itself within a second

    assert found.severity is Severity.WARNING
    assert "clients (limit 1)" in found.text


async def test_signing_in() -> None:
    with Mosquitto("allow_anonymous false", "ops", "geheim") as broker:
        nobody = await ask(broker.address)
        wrong = await ask(broker.address, username="ops", password_command="echo falsch")
        right = await ask(broker.address, username="ops", password_command="echo geheim")

    assert nobody.severity is Severity.CRITICAL
    assert nobody.text == f"{broker.address} refuses: Not authorized"
    assert wrong.text == f"{broker.address} refuses: Not authorized"
    assert right.severity is Severity.OK, right.text
    assert "geheim" not in str((nobody, wrong, right))


def restricted() -> Mosquitto:
    """A broker, not yet started, of which `$SYS` may not be read."""
    broker = Mosquitto()
    rules = broker.directory / "acl"
    rules.write_text("topic read only/this\n")
    conf = broker.directory / "conf"
    conf.write_text(f"{conf.read_text()}acl_file {rules}\n")
    return broker


async def test_one_that_may_not_read_what_it_tells() -> None:
    with restricted() as broker:
        found = await ask(broker.address, timeout=3.0)

    assert (found.severity, found.text) == (
        Severity.WARNING,
        "connected, but it tells nothing of itself",
    )
    assert found.fix == "grant it: topic read $SYS/#"


async def test_nobody_there_and_nobody_answering(mosquitto: Mosquitto) -> None:
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        closed = await ask(f"127.0.0.1:{plug.getsockname()[1]}")
        plug.listen()
        silent = await ask(f"127.0.0.1:{plug.getsockname()[1]}", timeout=0.5)
    os.kill(mosquitto.pid, signal.SIGSTOP)
    try:
        frozen = await ask(mosquitto.address, timeout=0.5)
    finally:
        os.kill(mosquitto.pid, signal.SIGCONT)

    assert closed.text.endswith(": Connection refused")
    for found in (silent, frozen):
        assert found.severity is Severity.CRITICAL
        assert "no answer from" in found.text
        assert "within 425ms" in found.text


async def test_tls_of_somebody_else(mosquitto: Mosquitto) -> None:
    found = await ask(mosquitto.address, tls=True, timeout=2.0)

    assert found.severity is Severity.CRITICAL


async def test_no_thread_and_no_socket_stay(mosquitto: Mosquitto) -> None:
    await ask(mosquitto.address)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        await ask(mosquitto.address)
    assert len(os.listdir("/proc/self/fd")) <= before


def test_what_is_no_address() -> None:
    with pytest.raises(UsageError, match="is no address"):
        MqttProbe(MqttSettings(address="here"), {})
