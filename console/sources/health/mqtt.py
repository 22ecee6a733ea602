"""MQTT brokers, by what they tell of themselves under `$SYS/broker/`."""

from __future__ import annotations

import math
import queue
import re
import ssl
import time
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from console.amounts import against, judged, limit
from console.errors import SourceError, TimedOut, UsageError
from console.findings import Limit, Severity
from console.metrics import Labels, Sample, labels
from console.secrets import PasswordCommand
from console.sources.health.points import Points, failed
from console.sources.health.probe import Outcome
from console.text import clean, decode
from console.units import bytes_, count, duration
from console.worker import Worker

if TYPE_CHECKING:
    from console.probe_local import MqttSettings

LIMIT = 0.85
"""Share of the timeout that is waited for the broker."""
QUIET = 0.25
"""Seconds without a further topic after which all retained ones have come."""
TOPICS = 500
"""Topics taken; a broker has about fifty."""
REFUSALS = {
    "Bad user name or password": "correct username and password_command",
    "Not authorized": "grant it: topic read $SYS/#, or name a username",
}
FIGURES = {
    "clients/connected": "broker_clients_connected",
    "clients/total": "broker_clients_total",
    "messages/received": "broker_messages_received",
    "messages/sent": "broker_messages_sent",
    "publish/messages/dropped": "broker_publish_messages_dropped",
    "retained messages/count": "broker_retained_messages_count",
    "subscriptions/count": "broker_subscriptions_count",
    "bytes/received": "broker_bytes_received",
    "bytes/sent": "broker_bytes_sent",
    "heap/current": "broker_heap_current",
    "uptime": "broker_uptime",
}
"""Topics below `$SYS/broker/` and the names mosquitto_exporter gives them."""
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


class MqttProbe:
    """Connects, takes what is retained under `$SYS/`, and parts."""

    kind = "mqtt"

    def __init__(self, settings: MqttSettings, env: Mapping[str, str]) -> None:
        found = re.fullmatch(r"\[?([^\s\[\]]+?)\]?:(\d{1,5})", settings.address)
        if found is None:
            raise UsageError(f"{clean(settings.address, 80)!r} is no address", 'write address = "host:1883"')
        self._host, self._port = found[1], int(found[2])
        self.target = clean(settings.address, 200)
        self.name = settings.name or self.target
        self.labels: Labels = labels(instance=self.target, job=self.name)
        self.interval, self.timeout = settings.interval, settings.timeout
        self._settings = settings
        self._clients, self._messages = limit(settings.clients), limit(settings.messages)
        self._password = PasswordCommand(settings.password_command) if settings.password_command else None
        self._worker = Worker("mqtt")
        self._before: tuple[float, float, float] | None = None
        """Uptime, messages received and sent, as told before."""

    async def ask(self, now: datetime) -> Outcome:
        """Ask once, in a thread: the library has its own network loop."""
        try:
            password = None if self._password is None else await self._password.get()
            topics = await self._worker.call(self._collect, password)
        except ImportError:
            return failed("the MQTT library is not installed", "pip install 'opsconsole[mqtt]'")
        except TimedOut as error:
            return failed(error.reason, error.fix)
        except _Refusal as error:
            if self._password is not None:
                self._password.forget()
            told = str(error)
            return failed(f"{self.target} refuses: {told}", REFUSALS.get(told, ""))
        except SourceError as error:
            return failed(error.reason, error.fix)
        except ssl.SSLCertVerificationError as error:
            return failed(f"TLS with {self.target}: {error.verify_message}", "see ca_file, or renew it")
        except (OSError, ValueError) as error:
            told = getattr(error, "strerror", None) or str(error) or "no connection"
            return failed(f"{self.target}: {told}", "does the broker run?")
        finally:
            self._worker.stop()
            if self._password is not None:
                self._password.stop()
        return self._judged(topics)

    def _collect(self, password: str | None) -> dict[str, str]:
        """What is retained under `$SYS/broker/`, by the rest of the topic. Blocks for the timeout at most."""
        from paho.mqtt import client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        heard: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"opsconsole-{uuid4().hex[:8]}")
        if self._settings.username:
            client.username_pw_set(self._settings.username, password)
        tls: Any = _Tls(self._settings.ca_file) if self._settings.tls else None
        if tls is not None:
            client.tls_set_context(tls)
        client.on_connect = lambda _client, _data, _flags, reason, _more: heard.put(("connected", reason))
        client.on_subscribe = lambda _client, _data, _mid, reasons, _more: heard.put(("subscribed", reasons))
        client.on_message = lambda _client, _data, message: heard.put((message.topic, message.payload))
        until = time.monotonic() + self.timeout * LIMIT
        client.connect_timeout = max(0.1, self.timeout * LIMIT)
        topics: dict[str, str] = {}
        try:
            client.connect(
                self._host, self._port, keepalive=math.ceil(self.timeout)
            )  # a handshake's limit as well
            patient = until
            while (left := min(until, patient) - time.monotonic()) > 0 and len(topics) < TOPICS:
                client.loop(min(left, 0.05))
                while not heard.empty():
                    patient = self._take(client, topics, *heard.get(), until)
                if not client.is_connected() and client.socket() is None:
                    break  # it hung up
            return self._whole(topics, until)
        finally:
            client.disconnect()
            client.loop(0)
            if tls is not None:
                tls.close()

    def _take(self, client: Any, topics: dict[str, str], what: str, value: Any, until: float) -> float:
        """One thing the broker said; until when more is waited for."""
        if what == "connected":
            if value.is_failure:
                raise _Refusal(clean(str(value), 80))
            client.subscribe("$SYS/broker/#")
            self._is_connected = True
        elif what == "subscribed":
            if any(reason.is_failure for reason in value):
                raise _Refusal("Not authorized")
        elif what.startswith("$SYS/broker/"):
            topics[clean(what.removeprefix("$SYS/broker/"), 120)] = decode(value[:200], 200)
        return time.monotonic() + QUIET if topics else until

    _is_connected = False

    def _whole(self, topics: dict[str, str], until: float) -> dict[str, str]:
        connected, self._is_connected = self._is_connected, False
        if not connected:
            late = time.monotonic() >= until
            raise TimedOut(
                f"no answer from {self.target} within {duration(self.timeout * LIMIT)}"
                if late
                else f"{self.target} ended the connection",
                "is it a broker of MQTT?",
            )
        return topics

    def _judged(self, topics: dict[str, str]) -> Outcome:
        points = Points()
        points.samples.append(Sample("mqtt_up", 1.0, self.labels))
        figures = {topic: value for topic in FIGURES if (value := _figure(topics.get(topic))) is not None}
        for topic, value in figures.items():
            points.samples.append(Sample(FIGURES[topic], value, self.labels))
        if not figures:
            points.say(
                Severity.WARNING, "connected, but it tells nothing of itself", "grant it: topic read $SYS/#"
            )
            return points.outcome()
        clients = figures.get("clients/connected", 0.0)
        self._bound(points, clients, self._clients, f"{clients:.0f} clients")
        rates = self._rates(figures)
        if rates is not None:
            received, sent = rates
            self._bound(points, received, self._messages, f"{received:.3g} messages/s in, {sent:.3g} out")
        retained, uptime = figures.get("retained messages/count"), figures.get("uptime")
        if retained is not None:
            points.say(Severity.OK, f"{count(retained)} retained")
        if uptime is not None:
            points.detail("up for", duration(uptime))
        if "version" in topics:
            points.detail("version", topics["version"])
        for topic, name in (("heap/current", "heap"), ("bytes/received", "received"), ("bytes/sent", "sent")):
            if topic in figures:
                points.detail(name, bytes_(figures[topic]))
        for topic in ("subscriptions/count", "publish/messages/dropped", "clients/total"):
            if topic in figures:
                points.detail(topic, count(figures[topic]))
        return points.outcome()

    def _bound(self, points: Points, value: float, bound: Limit | None, told: str) -> None:
        severity = judged(value, bound)
        points.say(severity, told + (against(value, bound, "") if severity else ""))

    def _rates(self, figures: Mapping[str, float]) -> tuple[float, float] | None:
        """Messages a second by the broker's own clock, else its one-minute averages are not trusted."""
        try:
            new = (figures["uptime"], figures["messages/received"], figures["messages/sent"])
        except KeyError:
            return None
        old = self._before
        if old is None or new[0] < old[0]:
            self._before = new  # the first look, or it was restarted
            return None
        if new[0] == old[0]:
            return None  # it tells news every ten seconds by default
        self._before = new
        return (new[1] - old[1]) / (new[0] - old[0]), (new[2] - old[2]) / (new[0] - old[0])


class _Tls:
    """A TLS context whose socket is closed: the library leaves one open whose handshake failed."""

    check_hostname = True

    def __init__(self, ca_file: str) -> None:
        self._context = ssl.create_default_context(cafile=ca_file or None)
        self._made: list[ssl.SSLSocket] = []

    def wrap_socket(self, *arguments: Any, **named: Any) -> ssl.SSLSocket:
        """A socket of the context."""
        self._made.append(self._context.wrap_socket(*arguments, **named))
        return self._made[-1]

    def close(self) -> None:
        """Close what was made."""
        for one in self._made:
            one.close()


class _Refusal(Exception):
    """What the broker refused, in its words."""


def _figure(text: str | None) -> float | None:
    """The number a topic begins with: `1234 seconds`."""
    found = _NUMBER.match(text or "")
    return float(found[0]) if found else None
