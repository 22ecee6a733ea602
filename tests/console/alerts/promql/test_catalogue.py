"""Every function is explained, and every explained one is there."""

from __future__ import annotations

import random
import re

import promql_parser as tree
import pytest

from console.alerts.promql import ExpressionError, parse
from console.alerts.promql.aggregate import AGGREGATIONS
from console.alerts.promql.catalogue import names
from console.alerts.promql.functions import FUNCTIONS
from tests.console.alerts.promql.grammar import Grammar


def test_the_catalogue_is_complete() -> None:
    assert sorted(names()) == sorted({*FUNCTIONS, *AGGREGATIONS})


def test_every_function_is_measured() -> None:
    chance = random.Random(1)
    drawn = "\n".join(Grammar(chance).expression() for _ in range(3000))
    assert [name for name in names() if not re.search(rf"\b{name}( by| without)?\s*\(", drawn)] == []


@pytest.mark.parametrize(
    "call",
    [
        "histogram_avg(x)", "histogram_count(x)", "histogram_sum(x)", "histogram_stddev(x)",
        "histogram_stdvar(x)", "mad_over_time(x[1m])", "first_over_time(x[1m])", 'sort_by_label(x, "a")',
        "double_exponential_smoothing(x[1m], 0.5, 0.5)", "info(x)", "limitk(1, x)", "limit_ratio(0.5, x)",
    ],
)  # fmt: skip
def test_what_the_parser_knows_and_we_do_not_is_refused_by_name(call: str) -> None:
    tree.parse(call)
    with pytest.raises(ExpressionError, match="is not supported") as caught:
        parse(call)
    assert call.partition("(")[0] in str(caught.value)
    assert caught.value.position == 0
