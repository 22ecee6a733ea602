"""The tables of probes that look at this host and at figures: one struct a kind."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from console.amounts import Duration, Durations, Numbers, Size, Sizes
from console.probe_base import Patience, ProbeSettings, Seconds


class BackupSettings(ProbeSettings, frozen=True):
    """A series of backups, a table for each series: `[[probes.backup]]`."""

    interval: Seconds = 300.0
    """Seconds between two looks."""
    timeout: Patience = 10.0
    """Seconds a look may take; reading a large file through goes on behind it."""
    path: str = ""
    """Path or glob of the files, as /backups/orders-*.sql.gz; `**` goes through directories."""
    max_age: Durations = ("26h", "50h")
    """Age of the newest finished file, from which it is `[warning, critical]`."""
    keep: Annotated[int, Meta(ge=0, le=20_000)] = 0
    """Files there must be at least; 0: not judged."""
    oldest: Duration = ""
    """Age of the oldest file beyond which nobody seems to remove any; empty: not judged."""
    shrink: Annotated[float, Meta(ge=0, le=1)] = 0.5
    """Share of the usual size (the median of the older files) below which it is a warning; 0: not judged."""
    verify: bool = True
    """Read the newest through, once, and tell whether it is whole."""
    rate: Size = "25MB"
    """Bytes a second it is read with at most."""


class DirectorySettings(ProbeSettings, frozen=True):
    """A directory that must not grow, fill or stand still: `[[probes.directory]]`."""

    interval: Seconds = 60.0
    """Seconds between two looks."""
    timeout: Patience = 10.0
    """Seconds a look may take; of a larger tree it goes on with the next."""
    path: str = ""
    """The directory; links out of it and other file systems are not followed."""
    size: Sizes = ()
    """Bytes on the disk, from which it is `[warning, critical]`; empty: not judged."""
    files: Numbers = ()
    """Files, as `[warning, critical]`; empty: not judged; `[1, 0]` wants some."""
    hourly: Sizes = ()
    """Growth in an hour."""
    daily: Sizes = ()
    """Growth in a day."""
    oldest: Durations = ()
    """Age of the oldest file, as of a queue nobody empties."""


class ProcessSettings(ProbeSettings, frozen=True):
    """Processes that must run: `[[probes.process]]`."""

    process: str = ""
    """Their name, as `ps -e` or its first argument shows it."""
    cmdline: str = ""
    """Instead: a regular expression that is found in the whole command line."""
    min: Annotated[int, Meta(ge=0, le=1_000_000)] = 1
    """How many there must be."""
    max: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    """How many there may be; 0: any number."""
    memory: Sizes = ()
    """Resident memory of all of them."""
    cpu: Numbers = ()
    """Cores all of them keep busy, between two looks."""
    descriptors: Numbers = (0.8, 0.95)
    """Share of its open-files limit the fullest of them has used."""
    restarts: Numbers = (1, 3)
    """Restarts seen within an hour."""


class UnitSettings(ProbeSettings, frozen=True):
    """A unit of systemd, service or timer: `[[probes.unit]]`."""

    interval: Seconds = 30.0
    """Seconds between two times of asking."""
    unit: str = ""
    """Its name, as nginx.service or backup.timer."""
    user: bool = False
    """Ask the user's own systemd."""
    restarts: Numbers = (1, 3)
    """Restarts by systemd within an hour."""
    max_age: Durations = ()
    """For a timer: how long ago it may have gone off last."""


class CronSettings(ProbeSettings, frozen=True):
    """A job by the clock that must leave a trace: `[[probes.cron]]`."""

    interval: Seconds = 60.0
    """Seconds between two looks."""
    schedule: str = ""
    """When it is due, in crontab's five fields: `0 3 * * *`."""
    trace: str = ""
    """Path or glob of files the job makes or touches when it has run."""
    log: str = ""
    """Instead: a log file, in which it leaves a line."""
    line: str = ""
    """The regular expression found in that line."""
    within: Duration = "1h"
    """How long after the due time the trace may take."""
    timezone: str = ""
    """The schedule's zone, as Europe/Berlin; empty: this host's."""


class SqlSettings(ProbeSettings, frozen=True):
    """A statement that gives one number: `[[probes.sql]]`."""

    interval: Seconds = 60.0
    """Seconds between two times of asking."""
    database: str = ""
    """The name of a `[[postgres]]`, or a URL; empty: the first of them, or the one found."""
    password_command: str = ""
    """A command that prints the password; run without a shell; empty: that of the `[[postgres]]`."""
    query: str = ""
    """One statement; it is run read-only and ended after `timeout`."""
    limits: Numbers = ()
    """`[warning, critical]`; when the second is the lower one, falling is wrong."""
    change: Duration = ""
    """Judge the change within this time instead of the value."""
    unit: str = ""
    """What stands behind the number: `s` and `B` are written as durations and sizes."""
    metric: str = "probe_value"
    """The name of its sample."""


class CommandSettings(ProbeSettings, frozen=True):
    """A command that prints a number, or a Nagios plugin: `[[probes.command]]`."""

    interval: Seconds = 60.0
    """Seconds between two runs."""
    timeout: Patience = 10.0
    """Seconds it may run; it is ended then with all it started."""
    command: str = ""
    """Program and arguments; no shell, no input, none of this environment's secrets."""
    value: str = ""
    """Where the number is in printed JSON, as `queue.depth` or `jobs[0].age`; empty: the first number."""
    limits: Numbers = ()
    """`[warning, critical]` of the number; when the second is the lower one, falling is wrong."""
    unit: str = ""
    """What stands behind the number: `s` and `B` are written as durations and sizes."""
    metric: str = "probe_value"
    """The name of its sample."""


class MqttSettings(ProbeSettings, frozen=True):
    """A broker of MQTT, by what it says of itself: `[[probes.mqtt]]`."""

    interval: Seconds = 30.0
    """Seconds between two times of asking."""
    address: str = "localhost:1883"
    """host:port."""
    tls: bool = False
    """Speak TLS, and judge the certificate."""
    ca_file: str = ""
    """Certificates (PEM) of issuers to trust; empty: those of the system."""
    username: str = ""
    """Who signs in; empty: nobody."""
    password_command: str = ""
    """A command that prints the password; run without a shell."""
    clients: Numbers = ()
    """Connected clients, `[warning, critical]`; falling when the second is the lower one."""
    messages: Numbers = ()
    """Messages received a second; `[1, 0]` wants some."""


class MongoSettings(ProbeSettings, frozen=True):
    """A member of MongoDB, by what it says of itself: `[[probes.mongo]]`."""

    interval: Seconds = 30.0
    """Seconds between two times of asking."""
    url: str = "mongodb://localhost:27017"
    """One member, as mongodb://user@host:27017/?tls=true; drivers' other options are left out."""
    password_command: str = ""
    """A command that prints the password; run without a shell."""
    connections: Numbers = (0.8, 0.95)
    """Share of the connections it can take that are in use, `[warning, critical]`; empty: not judged."""
    lag: Durations = ("10s", "60s")
    """How far a secondary may be behind its primary; empty: not judged."""
