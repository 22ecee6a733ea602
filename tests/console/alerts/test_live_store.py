"""The history as rules see it."""

from __future__ import annotations

from console.alerts.live_store import HistoryStore
from console.alerts.promql import Vector, evaluate, parse
from console.history import History
from console.metrics import Labels, Sample, labels

OFFSET = 1_700_000_000.0


def answer(store: HistoryStore, text: str, at: float) -> dict[Labels, float]:
    value = evaluate(parse(text), store, at + OFFSET)
    assert isinstance(value, Vector)
    return {element.labels: element.value for element in value.elements}


def filled() -> HistoryStore:
    history = History()
    for time in range(0, 120, 5):
        history.add(
            time,
            [
                Sample("m", time, labels(host="a", disk="x")),
                Sample("m", 2 * time, labels(host="b", disk="x")),
                Sample("n", 1, labels(host="a")),
            ],
            "s",
        )
    return HistoryStore(history, OFFSET)


def test_selectors_find_by_name_and_every_kind_of_matcher() -> None:
    store = filled()
    a, b = labels(__name__="m", host="a", disk="x"), labels(__name__="m", host="b", disk="x")
    assert answer(store, "m", 115) == {a: 115, b: 230}
    assert answer(store, 'm{host="b"}', 115) == {b: 230}
    assert answer(store, 'm{host="b",disk="x"}', 115) == {b: 230}
    assert answer(store, 'm{host=~"a|c",other=""}', 115) == {a: 115}
    assert answer(store, 'm{host!="a"}', 115) == {b: 230}
    assert answer(store, 'm{host="none"}', 115) == {}
    assert answer(store, '{__name__=~"m|n",host="a"}', 115) == {a: 115, labels(__name__="n", host="a"): 1}


def test_series_that_come_later_are_found_by_the_same_expression() -> None:
    store = filled()
    expression = parse('m{host="c"}')
    before = evaluate(expression, store, 115 + OFFSET)
    store.history.add(116, [Sample("m", 7, labels(host="c"))], "s")
    after = evaluate(expression, store, 117 + OFFSET)
    assert isinstance(before, Vector)
    assert isinstance(after, Vector)
    assert before.elements == ()
    assert [element.value for element in after.elements] == [7]


def test_rates_and_times_are_those_of_the_clock_of_people() -> None:
    store = filled()
    assert answer(store, 'rate(m{host="b"}[1m])', 115) == {labels(host="b", disk="x"): 2}
    assert answer(store, 'timestamp(m{host="a"})', 117) == {labels(host="a", disk="x"): OFFSET + 115}


def test_what_rules_record_is_there_and_ends_by_word() -> None:
    store = filled()
    store.record("r", (), 100 + OFFSET, 5)
    assert answer(store, "r", 100) == {labels(__name__="r"): 5}
    store.stale("r", (), 110 + OFFSET)
    assert answer(store, "r", 109) == {labels(__name__="r"): 5}
    assert answer(store, "r", 110) == {}
