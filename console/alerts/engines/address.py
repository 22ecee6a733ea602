"""Where an engine is, and with which credentials it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from console.config import Config
from console.errors import ConfigError
from console.secrets import redact_url
from console.text import clean

if TYPE_CHECKING:
    from console.journal.entries import JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An engine's base address, with the path it is served under; it may hold a password."""

    kind: str
    """prometheus or alertmanager."""
    url: str
    password_command: str = ""
    """Prints the password of the URL's user, or a bearer token where the URL names none."""
    verify: bool = True
    ca_file: str = ""

    @property
    def shown(self) -> str:
        """The URL for people, without what is secret."""
        return clean(redact_url(self.url), 300)

    @property
    def name(self) -> str:
        """What the engine is called: `prometheus mon-1:9090`."""
        return clean(f"{self.kind} {urlsplit(self.url).netloc.rpartition('@')[2]}", 120)

    def at(self, path: str) -> str:
        """The URL of one of its pages."""
        return f"{self.url.rstrip('/')}{path}"

    def task(self) -> dict[str, JSON]:
        """The same as what an act is given to reach it."""
        return {
            "kind": self.kind, "url": self.url, "password_command": self.password_command,
            "verify": self.verify, "ca_file": self.ca_file,
        }  # fmt: skip


def prometheus_address(config: Config, env: Mapping[str, str]) -> Address | None:
    """The Prometheus of the configuration, else of `PROMETHEUS_URL`; None where neither names one.

    Raises ConfigError for a variable that is no address.
    """
    told = config.alerts
    return _address(
        "prometheus", told.prometheus, told.prometheus_password_command, "PROMETHEUS_URL", config, env
    )


def alertmanager_address(config: Config, env: Mapping[str, str]) -> Address | None:
    """The same of an Alertmanager, and `ALERTMANAGER_URL`."""
    told = config.alerts
    return _address(
        "alertmanager", told.alertmanager, told.alertmanager_password_command, "ALERTMANAGER_URL", config, env
    )


def engines_named(config: Config, env: Mapping[str, str]) -> bool:
    """Whether there is an address of an engine, whatever it leads to."""
    told = config.alerts
    return bool(
        told.prometheus or told.alertmanager or env.get("PROMETHEUS_URL") or env.get("ALERTMANAGER_URL")
    )


def _address(
    kind: str, url: str, command: str, variable: str, config: Config, env: Mapping[str, str]
) -> Address | None:
    told = url or env.get(variable, "").strip()
    if not told:
        return None
    if not url and not _sound(told):
        reason = f"{variable} is no address: {clean(redact_url(told), 120)!r}"
        raise ConfigError(reason, f"write {variable}=http://host:port")
    if not _sound(told):
        reason = f"alerts: {kind}: {clean(redact_url(told), 120)!r} is no address"
        raise ConfigError(reason, "write http://host:port")
    return Address(
        kind=kind, url=told, password_command=command, verify=config.alerts.verify,
        ca_file=config.alerts.ca_file,
    )  # fmt: skip


def _sound(url: str) -> bool:
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return known and url.isprintable() and " " not in url and not parts.query and not parts.fragment
