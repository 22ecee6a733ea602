"""What a thousand rules over fifty thousand series cost the console: `python -m tests.bench.rules`."""

from __future__ import annotations

import multiprocessing
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path

from tests.bench.measure import at_any_moment, cursor_row, quantile
from tests.pty.consoles import real_console

RULES, SERIES, PAGES = 1_000, 50_000, 5
METRICS = 50
LIMIT = 1.0
"""Seconds all rules may take."""
KEY_LIMIT = 50.0
"""Milliseconds from key to paint, in 99 of 100, while they are evaluated."""
KEYS = 150
START = 120.0
FORMS = (
    'rate({name}{{host="{host}"}}[5m]) > 1e9',
    'sum by (task) (rate({name}{{host="{host}"}}[5m])) > 1e9',
    'avg({name}{{host="{host}"}}) > 1e12',
    '{name}{{host="{host}"}} / on(task) {other}{{host="{host}"}} > 1e9',
    'max_over_time({name}{{host="{host}"}}[5m]) > 1e12',
)
"""Each reads some fifty series."""
CONFIG = """\
sources = ["alerts", "health"]

[alerts]
rules = ["RULES"]
"""
PAGE = """
[[probes.scrape]]
name = "page NUMBER"
url = "http://127.0.0.1:PORT/NUMBER"
series = 20000
interval = 60
timeout = 30
"""


@dataclass(frozen=True, slots=True)
class Ruled:
    """Seconds an evaluation of all rules took at most, latency of keys in milliseconds, PSS in MB."""

    seconds: float
    key_p50: float | None
    key_p99: float | None
    pss_mb: float

    @property
    def passes(self) -> bool:
        """Whether both are within their limits."""
        return self.seconds < LIMIT and self.key_p99 is not None and self.key_p99 <= KEY_LIMIT

    def __str__(self) -> str:
        word = "ok" if self.passes else "NOT"
        return (
            f"{word:>4}  {RULES:,} rules over {SERIES:,} series: evaluated in {self.seconds:.2f} s, "
            f"key p50 {self.key_p50 or 0:4.0f} p99 {self.key_p99 or 0:4.0f} ms, memory {self.pss_mb:.0f} MB"
        )


def ruled() -> Ruled:
    """The real console, five pages of metrics, and a file of rules."""
    with tempfile.TemporaryDirectory() as name, _pages() as port:
        place = Path(name)
        rules = place / "rules.yml"
        rules.write_text(_rules())
        config = CONFIG.replace("RULES", str(rules))
        for page in range(PAGES):
            config += PAGE.replace("NUMBER", str(page)).replace("PORT", str(port))
        env = {"XDG_STATE_HOME": name, "HOME": name}
        with real_console(place, config, size=(160, 50), env=env) as terminal:
            terminal.wait_for("1-2 pane", START)
            terminal.press(*":alerts", "enter")
            terminal.wait_for(r"^ ?Alerts .*Rules .*Silences", START)
            terminal.wait_for(rf"{RULES} rules, evaluated in \S+; nearest", START)
            slowest = 0.0
            keys: list[float | None] = []
            for _ in range(4):
                slowest = max(slowest, _evaluated_in(terminal.text))
                terminal.press("right")  # the rules, of which there are many rows
                terminal.wait_for("EXPRESSION|HOLD", 10.0)
                terminal.wait_quiet(0.2)  # the keys of opening the view are not those meant
                keys += at_any_moment(terminal, ("down", "up"), KEYS // 4, cursor_row)
                terminal.press("left")
                terminal.wait_for("evaluated in", 10.0)
            return Ruled(slowest, quantile(keys, 0.5), quantile(keys, 0.99), terminal.usage().pss / 2**20)


def _evaluated_in(screen: str) -> float:
    """Seconds, as the pane tells them."""
    found = re.search(r"evaluated in <?([\d.]+)(ms|s)", screen)
    assert found is not None, screen
    return float(found[1]) / (1000 if found[2] == "ms" else 1)


def _rules() -> str:
    lines = ["groups:", "- name: many", "  rules:"]
    for number in range(RULES):
        metric, host = number % METRICS, number // METRICS
        expression = FORMS[number % len(FORMS)].format(
            name=f"app_{metric}_total", other=f"app_{(metric + 1) % METRICS}_total", host=f"h{host}"
        )
        lines += [f"  - alert: Rule{number}", f"    expr: {expression}", "    for: 1m"]
    return "\n".join([*lines, ""])


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """A fifth of the metrics."""
        page = int(self.path.strip("/"))
        own = range(page * METRICS // PAGES, (page + 1) * METRICS // PAGES)
        moment = int(time.time())
        lines = []
        for metric in own:
            lines.append(f"# TYPE app_{metric}_total counter")
            for series in range(SERIES // METRICS):
                labels = f'host="h{series // 50}",task="t{series % 50}",zone="eu-{series % 3}"'
                lines.append(f"app_{metric}_total{{{labels}}} {moment + series}")
        body = ("\n".join(lines) + "\n").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 its name there
        """Nothing."""


@contextmanager
def _pages() -> Iterator[int]:
    # in a process of its own: what times the keys must not make pages meanwhile
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        assert ours.poll(START), "the server of pages did not begin"
        yield ours.recv()
    finally:
        process.kill()
        process.join()


def _serve(told: Connection) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    server.daemon_threads = True
    told.send(server.server_port)
    server.serve_forever()


if __name__ == "__main__":
    found = ruled()
    print(found)
    sys.exit(not found.passes)
