"""Measures ours against Prometheus at length.

`python -m tests.console.alerts.promql.measure 10000 [seed]`; every tenth expression over a range.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter

from console.alerts.promql import ExpressionError, evaluate, parse
from tests.console.alerts.promql.compared import difference, question, range_difference
from tests.console.alerts.promql.world import stored, world
from tests.servers.prometheus import Prometheus


def main(count: int, seed: int) -> int:
    """How many differ; each is printed."""
    chance = random.Random(seed)
    store = stored(world())
    outcomes: Counter[str] = Counter()
    begun = time.monotonic()
    with Prometheus() as server:
        server.write(world())
        for number in range(count):
            text, at = question(chance)
            ranged = number % 10 == 9
            compare = range_difference if ranged else difference
            found = compare(server, store, text, at)
            if found:
                outcomes["different"] += 1
                print(f"--- {'range, ' if ranged else ''}{text}\n    at {at}\n{found}", flush=True)
            else:
                try:
                    value = evaluate(parse(text), store, at)
                    outcomes["a value" if any(value[1:]) or len(value) == 1 else "empty"] += 1
                except ExpressionError:
                    outcomes["refused by both"] += 1
    print(f"{count} expressions in {time.monotonic() - begun:.0f} s: {dict(outcomes)}")
    return outcomes["different"]


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1) > 0)
