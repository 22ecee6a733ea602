"""How long 1,000 rules over 50,000 series take: `python -m tests.console.alerts.promql.speed`."""

from __future__ import annotations

import time

from console.alerts.promql import MemoryStore, evaluate, parse

SHAPES = (
    "m{n} > 10",
    'm{n}{{job="api"}} == 0',
    'm{n}{{job=~"api|db",code!="200"}} > 1',
    "rate(m{n}[5m]) > 0.5",
    "sum by (job) (rate(m{n}[5m])) / sum by (job) (rate(m{n}[5m])) > 0.05",
    "sum by (job, instance) (m{n}) > 100",
    "avg_over_time(m{n}[5m]) > 3",
    "m{n} / on (job, instance, code) m{n} > 2",
    "max_over_time(m{n}[5m]) - m{n} > 5",
    'absent(m{n}{{job="none"}})',
)
NOW = 1_700_000_000.0


def store() -> MemoryStore:
    """A thousand names of 50 series of 20 samples each."""
    found = MemoryStore()
    for name in range(1000):
        for number in range(50):
            pairs = (
                ("code", str(200 + number % 2)),
                ("instance", f"host-{number % 25}:9100"),
                ("job", "api" if number < 25 else "db"),
            )
            for sample in range(20):
                found.add(f"m{name}", pairs, NOW - 300 + (sample + 1) * 15, float(number + sample * 3))
    return found


def main() -> None:
    """Print the best of three."""
    series = store()
    begun = time.process_time()
    rules = [parse(SHAPES[number % len(SHAPES)].format(n=number)) for number in range(1000)]
    print(f"parsed and compiled in {time.process_time() - begun:.3f} s")
    for shape in range(len(SHAPES)):
        mine = rules[shape :: len(SHAPES)]
        begun = time.process_time()
        for rule in mine:
            evaluate(rule, series, NOW)
        print(f"{(time.process_time() - begun) * 1e6 / len(mine):7.0f} us  {SHAPES[shape]}")
    times = []
    for _ in range(3):
        begun = time.process_time()
        for rule in rules:
            evaluate(rule, series, NOW)
        times.append(time.process_time() - begun)
    print(f"1,000 rules over 50,000 series: {min(times):.3f} s of a core")


if __name__ == "__main__":
    main()
