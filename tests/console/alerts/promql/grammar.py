"""Expressions at random, over the series of `world`: every function and operator there is."""

from __future__ import annotations

import random

from hypothesis import strategies as st

SEEDS = st.integers(0, 1 << 64)
"""Of a source of chance: more different expressions than chance that hypothesis would steer."""

NAMES = ("requests_total", "errors_total", "temperature", "flat", "ended", "build_info", "limit", "strange")
COUNTERS = ("requests_total", "errors_total", "latency_seconds_bucket")
LABELS: tuple[str, ...] = ("job", "instance", "code", "le", "path", "version", "nosuch")
MATCHERS = (
    'job="api"', 'job!="api"', 'job=~"a.+"', 'job=~"api|db"', 'job!~"a.*"', 'instance=~".*:1"', 'code="500"',
    'code=~"5.."', 'code!=""', 'code=""', 'nosuch=""', 'instance!~"(a|b):[0-9]"', 'instance=~"[ab]:\\\\d"',
    'instance=~"(?i)A:1"', 'job=~""', 'instance=~`\\w:1`',
)  # fmt: skip
LENGTHS = ("1m", "90s", "2m", "5m", "10m", "1234ms", "15s", "30s", "20m", "1h")
ARITHMETIC = ("+", "-", "*", "/", "%", "^", "atan2")
COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")
SETS = ("and", "or", "unless")
AGGREGATIONS = ("sum", "avg", "min", "max", "count", "stddev", "stdvar", "group")
ELEMENTWISE = (
    "abs", "ceil", "floor", "exp", "ln", "log2", "log10", "sqrt", "sgn", "asin", "acos",
    "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "deg", "rad", "round", "sort", "sort_desc",
    "timestamp",
)  # fmt: skip
DATES = (
    "minute", "hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "month", "year",
)  # fmt: skip
RATES = ("rate", "increase", "irate", "resets")
OVER_TIME = (
    "delta", "idelta", "deriv", "changes", "avg_over_time", "min_over_time", "max_over_time", "sum_over_time",
    "count_over_time", "last_over_time", "present_over_time", "stddev_over_time", "stdvar_over_time",
    "absent_over_time",
)  # fmt: skip
NUMBERS = ("0", "1", "2", "-1", "0.5", "10", "1e3", "-0.25", "NaN", "Inf", "-Inf", "3.7", "100", "1m")


class Grammar:
    """Draws expressions from a source of chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def expression(self) -> str:
        """Any expression that an instant query may be."""
        kind = self.chance.random()
        depth = self.chance.choice((1, 2, 2, 3, 3, 4))
        if kind < 0.04:
            return self.scalar(depth)
        if kind < 0.08:
            return self.matrix(1)
        if kind < 0.12:
            operator = self.chance.choice(("topk", "bottomk"))
            grouping = self.grouping() if self.chance.random() < 0.5 else ""
            return f"{operator}{grouping} ({self.scalar(0)}, {self.selector('temperature')})"
        return self.vector(depth)

    def selector(self, name: str = "") -> str:
        chance = self.chance
        if not name and chance.random() < 0.05:
            names = "|".join(chance.sample(NAMES, 2))
            base = chance.choice((f'{{__name__=~"{names}"}}', f'{{__name__="{chance.choice(NAMES)}"}}'))
        else:
            matchers = chance.sample(MATCHERS, chance.choice((0, 0, 0, 1, 1, 2)))
            # Prometheus' storage sorts them so, and absent() then reads them in that order, or not
            matchers.sort(key=lambda matcher: "!" in matcher or "~" in matcher)
            base = (name or chance.choice(NAMES)) + (f"{{{', '.join(matchers)}}}" if matchers else "")
        return base

    def modifiers(self) -> str:
        chance = self.chance.random()
        offset = f" offset {self.chance.choice(('', '', '-'))}{self.chance.choice(LENGTHS)}"
        at = f" @ {self.chance.choice(('start()', 'end()', '1700000900', '1700001500.5', '1700002000.123'))}"
        if chance < 0.75:
            return ""
        return offset if chance < 0.88 else at if chance < 0.95 else offset + at

    def matrix(self, depth: int, name: str = "") -> str:
        length = self.chance.choice(LENGTHS)
        if depth > 0 and self.chance.random() < 0.3:
            step = self.chance.choice(("", "15s", "1m", "37s"))
            inner = self.vector(depth - 1) if not name or self.chance.random() < 0.3 else self.selector(name)
            return f"({inner})[{self.chance.choice(('2m', '5m', '10m', '7m'))}:{step}]{self.modifiers()}"
        return f"{self.selector(name)}[{length}]{self.modifiers()}"

    def scalar(self, depth: int) -> str:
        chance = self.chance
        if depth <= 0 or chance.random() < 0.4:
            return chance.choice(NUMBERS)
        kind = chance.randrange(5)
        if kind == 0:
            return f"scalar({self.vector(depth - 1)})"
        if kind == 1:
            return chance.choice(("time()", "pi()"))
        if kind == 2:
            return f"-({self.scalar(depth - 1)})"
        if kind == 3:
            operator = chance.choice((*ARITHMETIC, *(f"{comparison} bool" for comparison in COMPARISONS)))
            return f"({self.scalar(depth - 1)} {operator} {self.scalar(depth - 1)})"
        return f"scalar({self.aggregation(depth - 1, grouped=False)})"

    def vector(self, depth: int) -> str:
        chance = self.chance
        if depth <= 0:
            return self.selector() + self.modifiers()
        kind = chance.random()
        if kind < 0.28:
            return self.window(depth - 1)
        if kind < 0.46:
            return self.binary(depth - 1)
        if kind < 0.62:
            return self.aggregation(depth - 1)
        if kind < 0.74:
            return self.elementwise(depth - 1)
        if kind < 0.80:
            return self.histogram(depth - 1)
        if kind < 0.87:
            return self.relabelled(depth - 1)
        if kind < 0.91:
            return f"absent({self.vector(depth - 1)})"
        if kind < 0.94:
            return f"vector({self.scalar(depth - 1)})"
        if kind < 0.97:
            return f"-({self.vector(depth - 1)})"
        return self.selector() + self.modifiers()

    def window(self, depth: int) -> str:
        chance = self.chance
        if chance.random() < 0.4:
            return f"{chance.choice(RATES)}({self.matrix(depth, chance.choice(COUNTERS))})"
        kind = chance.random()
        if kind < 0.12:
            return f"quantile_over_time({self.scalar(0)}, {self.matrix(depth)})"
        if kind < 0.24:
            # of a subquery with @ Prometheus 3.13 predicts nothing at all: not measured
            return f"predict_linear({self.matrix(0)}, {self.scalar(0)})"
        return f"{chance.choice(OVER_TIME)}({self.matrix(depth)})"

    def elementwise(self, depth: int) -> str:
        chance = self.chance
        kind = chance.random()
        if kind < 0.1:
            return f"clamp({self.vector(depth)}, {self.scalar(0)}, {self.scalar(0)})"
        if kind < 0.2:
            function = chance.choice(("clamp_min", "clamp_max", "round"))
            return f"{function}({self.vector(depth)}, {self.scalar(0)})"
        if kind < 0.3:
            inner = chance.choice(("", f"vector({chance.choice(('time()', '1e9', '-1e9', '1709251200'))})"))
            return f"{chance.choice(DATES)}({inner})"
        if kind < 0.35:  # of raw values: what is far from zero has no digits left
            return f"{chance.choice(('sin', 'cos', 'tan'))}({self.vector(0)})"
        return f"{chance.choice(ELEMENTWISE)}({self.vector(depth)})"

    def grouping(self) -> str:
        labels: list[str] = self.chance.sample(LABELS, self.chance.choice((0, 1, 1, 2)))
        if self.chance.random() < 0.05:
            labels.append("__name__")
        return f" {self.chance.choice(('by', 'without'))} ({', '.join(labels)})"

    def aggregation(self, depth: int, grouped: bool = True) -> str:
        chance = self.chance
        grouping = self.grouping() if grouped and chance.random() < 0.7 else ""
        kind = chance.random()
        if kind < 0.1:
            return f"quantile{grouping} ({self.scalar(0)}, {self.vector(depth)})"
        if kind < 0.18:
            label = chance.choice(("value", "job", "version"))
            # of raw values: the last digit of a computed one would make another label
            return f'count_values{grouping} ("{label}", {self.vector(0)})'
        if kind < 0.24:
            return f"{chance.choice(('sum', 'count'))}(topk(2, {self.selector('temperature')}))"
        return f"{chance.choice(AGGREGATIONS)}{grouping} ({self.vector(depth)})"

    def histogram(self, depth: int) -> str:
        chance = self.chance
        buckets = "latency_seconds_bucket" + chance.choice(("", '{path="/"}', '{le!="+Inf"}', '{le!="0.25"}'))
        rate = f"{chance.choice(('rate', 'increase'))}({buckets}[{chance.choice(LENGTHS)}])"
        inner = chance.choice((buckets, rate, f"sum by ({chance.choice(('le', 'le, job'))}) ({rate})"))
        if chance.random() < 0.3:
            bounds = sorted((chance.choice((0.0, 0.1, 0.3, 1.0)), chance.choice((0.25, 0.7, 2.0, 5.0))))
            return f"histogram_fraction({bounds[0]}, {bounds[1]}, {inner})"
        share = chance.choice(("0.5", "0.9", "0.99", "0", "1", "-1", "2", "NaN", "0.123"))
        return f"histogram_quantile({share}, {inner})"

    def relabelled(self, depth: int) -> str:
        chance = self.chance
        if chance.random() < 0.3:
            sources = ", ".join(f'"{label}"' for label in chance.sample(LABELS, chance.randrange(1, 3)))
            target = chance.choice(("joined", "job"))
            return f'label_join({self.vector(depth)}, "{target}", "-", {sources})'
        source, pattern, template = chance.choice(
            (
                ("instance", "(.*):(.*)", "$1/$2"),
                ("instance", "([ab]):.*", "${1}x"),
                ("job", "(?P<first>.).*", "$first"),
                ("code", "(5)..", "$1xx"),
                ("job", "", "none"),
                ("job", ".*", "$$1"),
                ("job", "a(.*)", "$2$1x"),
                ("instance", "(.*)", ""),
            )
        )
        target = chance.choice(("made", "job", "instance", "__name__"))
        return f'label_replace({self.vector(depth)}, "{target}", "{template}", "{source}", "{pattern}")'

    def binary(self, depth: int) -> str:
        chance = self.chance
        kind = chance.random()
        truth = chance.choice((" bool", "", ""))
        comparison = f"{chance.choice(COMPARISONS)}{truth}"
        operator = chance.choice((chance.choice(ARITHMETIC), comparison))
        if kind < 0.3:
            sides = [self.vector(depth), self.scalar(depth)]
            chance.shuffle(sides)
            return f"({sides[0]} {operator} {sides[1]})"
        matching = ""
        if chance.random() < 0.8:
            labels = chance.sample(("job", "instance", "code", "version"), chance.choice((0, 1, 1, 2)))
            matching = f" {chance.choice(('on', 'ignoring'))} ({', '.join(labels)})"
        if kind < 0.5:
            return f"({self.vector(depth)} {chance.choice(SETS)}{matching} {self.vector(depth)})"
        if kind < 0.75 and chance.random() < 0.7:  # such as they are written
            group = chance.choice(("group_left (version)", "group_left ()", "group_left"))
            one = chance.choice(("build_info", "limit", "max by (job, instance) (temperature)"))
            on = "job" if one == "limit" else "job, instance"
            many = chance.choice((self.selector("requests_total"), self.window(depth)))
            if chance.random() < 0.3:
                return f"({one} {operator} on ({on}) {group.replace('left', 'right')} {many})"
            return f"({many} {operator} on ({on}) {group} {one})"
        group = ""
        if matching and chance.random() < 0.4:
            include = chance.choice(("", " (version)", " (job)"))
            group = f" {chance.choice(('group_left', 'group_right'))}{include}"
        left = self.vector(depth)
        right = left if chance.random() < 0.4 else self.vector(depth)
        return f"({left} {operator}{matching}{group} {right})"
