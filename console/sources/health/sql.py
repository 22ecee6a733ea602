"""Statements against PostgreSQL that give one number, read-only and bounded in time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from console.amounts import against, judged, limit, seconds, shown
from console.errors import Refused, SourceError, UsageError
from console.findings import Severity
from console.metrics import Labels, Sample, labels
from console.secrets import PasswordCommand, redact
from console.sources.health.command import METRIC
from console.sources.health.points import Points, failed
from console.sources.health.probe import Outcome
from console.text import clean
from console.units import duration

if TYPE_CHECKING:
    from console.probe_local import SqlSettings

APPLICATION = "opsconsole probe"
LIMIT = 0.8
"""Share of the timeout after which the server ends the statement itself."""
MARGIN = 0.95
"""Share of the timeout after which the probe gives up, connecting included."""
GOODBYE = 0.3
"""Seconds to part politely."""
KEPT = 5000
"""Values remembered for the change within a time."""


class SqlProbe:
    """Connects, asks one statement in a read-only transaction, and parts: nothing is held between."""

    kind = "sql"

    def __init__(self, settings: SqlSettings, env: Mapping[str, str]) -> None:
        from console.sources.postgres.address import parse

        if not settings.query.strip():
            raise UsageError("query is missing", 'write query = "SELECT count(*) FROM jobs"')
        if not METRIC.fullmatch(settings.metric):
            raise UsageError(f"{settings.metric!r} is no name of a metric", "letters, digits and _ make one")
        try:
            address = parse(settings.database or None, env)
        except Refused as error:
            raise UsageError(f"database: {error.reason}", f"name a [[postgres]], or {error.fix}") from None
        self.target = clean(f"{address.where}/{address.database}".rstrip("/"), 200)
        self.name = settings.name or clean(redact(" ".join(settings.query.split())), 80)
        self.labels: Labels = labels(instance=self.target, job=self.name)
        self.interval, self.timeout = settings.interval, settings.timeout
        self._settings, self._env = settings, env
        self._limits, self._span = limit(settings.limits), seconds(settings.change)
        command = settings.password_command
        self._password = PasswordCommand(command) if command else None
        self._values: deque[tuple[float, float]] = deque(maxlen=KEPT)

    async def ask(self, now: datetime) -> Outcome:
        """Ask once."""
        import asyncpg

        try:
            async with asyncio.timeout(self.timeout * MARGIN):
                rows = await self._rows()
        except TimeoutError:
            return failed(
                f"{self.target} gave no answer within {duration(self.timeout)}", "raise timeout, or its cost"
            )
        except SourceError as error:
            if isinstance(error, Refused) and self._password is not None:
                self._password.forget()
            return failed(error.reason, error.fix)
        except asyncpg.QueryCanceledError:
            told = f"the statement took more than {duration(self.timeout * LIMIT)}, and the server ended it"
            return failed(told, "raise timeout, or mend its plan")
        except asyncpg.ReadOnlySQLTransactionError as error:
            return failed(f"the statement would change something: {error}", "a probe only reads")
        except asyncpg.PostgresError as error:
            return failed(
                f"{self.target} says: {redact(str(error))}", redact(str(getattr(error, "hint", "") or ""))
            )
        except (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            return failed(f"{self.target}: {redact(str(error)) or type(error).__name__}", "")
        finally:
            if self._password is not None:
                self._password.stop()
        return self._judged(rows)

    async def _rows(self) -> Sequence[Sequence[Any]]:
        """The first two rows of what the statement gives."""
        from console.sources.postgres.address import parse
        from console.sources.postgres.connect import connect

        limit_ms = int(self.timeout * LIMIT * 1000)
        guards = {
            "application_name": APPLICATION,
            "default_transaction_read_only": "on",
            "lock_timeout": "1000",
        }
        password = None if self._password is None else await self._password.get()
        address = parse(self._settings.database or None, self._env)
        connection, _, pooled = await connect(address, password, limit_ms, False, set(), guards)
        try:
            # one prepared statement, never several: no `commit` can lead out of the transaction
            async with connection.transaction(readonly=True):
                if pooled:
                    await connection.execute(f"SET LOCAL statement_timeout = {limit_ms}")
                statement = await connection.prepare(self._settings.query)
                cursor = await statement.cursor()
                rows: Sequence[Sequence[Any]] = await cursor.fetch(2)
                return rows
        finally:
            with suppress(Exception):
                async with asyncio.timeout(GOODBYE):
                    await connection.close()
            connection.terminate()

    def _judged(self, rows: Sequence[Sequence[Any]]) -> Outcome:
        if len(rows) != 1 or not len(rows[0]):
            what = "no row" if not rows else "more than one row" if len(rows) > 1 else "no column"
            return failed(
                f"the statement gave {what}, and one number is wanted", "use count(*), max(...) or LIMIT 1"
            )
        value = number(rows[0][0])
        if value is None:
            kind = "nothing (NULL)" if rows[0][0] is None else f"no number but {type(rows[0][0]).__name__}"
            return failed(f"the statement gave {kind}", "coalesce(..., 0), or a cast to a number")
        unit, points = self._settings.unit, Points()
        points.samples.append(Sample(self._settings.metric, value, self.labels))
        points.detail("statement", redact(" ".join(self._settings.query.split())))
        changed = self._changed(value)
        if not self._span:
            severity = judged(value, self._limits)
            points.say(
                severity, shown(value, unit) + (against(value, self._limits, unit) if severity else "")
            )
        elif changed is None:
            points.say(Severity.OK, f"{shown(value, unit)}, its change is not known yet")
        else:
            grown, span = changed
            severity = judged(grown, self._limits)
            told = f"{'+' if grown >= 0 else ''}{shown(grown, unit)} in {duration(span)}"
            told += against(grown, self._limits, unit) if severity else ""
            points.say(severity, f"{told}, now {shown(value, unit)}")
        return points.outcome()

    def _changed(self, value: float) -> tuple[float, float] | None:
        """How much it changed within the span asked for, and within how long that was seen."""
        now = time.monotonic()
        self._values.append((now, value))
        while len(self._values) > 2 and now - self._values[1][0] >= self._span:
            self._values.popleft()
        at, before = self._values[0]
        # a part of the span does for a verdict that may be too mild, never too harsh
        return None if len(self._values) < 2 else (value - before, now - at)


def number(value: Any) -> float | None:
    """A column's value as a number: truth as 1 and 0, an interval in seconds; None for what is none."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (int, float, Decimal)):
        found = float(value)
        return found if found - found == 0 else None
    return None
