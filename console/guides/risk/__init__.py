"""What a step may do to the world: read, unknown, change or destructive. A guard-rail, and no sandbox."""

from __future__ import annotations

from functools import lru_cache

from console.guides.model import Risk, StepKind


@lru_cache(maxsize=1024)
def risk_of(kind: StepKind, text: str) -> Risk:
    """The highest risk of anything in a step's text; unknown is never taken for reading.

    A manual step does nothing. An act on a pane's row is a change unless it is judged where it is offered.
    """
    match kind:
        case StepKind.MANUAL:
            return Risk.READ
        case StepKind.SQL:
            from console.guides.risk.sql import risk_of_sql

            return risk_of_sql(text)
        case StepKind.REDIS:
            from console.guides.risk.redis import risk_of_redis

            return risk_of_redis(text)
        case StepKind.MONGO:
            from console.guides.risk.mongo import risk_of_mongo

            return risk_of_mongo(text)
        case StepKind.SHELL:
            from console.guides.risk.judge import risk_of_shell

            return risk_of_shell(text)
        case StepKind.ACT:
            return Risk.CHANGE
